/** A further command in a container that runs. No plugin is asked: what they had to say of the container holds for all that runs in it. */
import { findPlace, openContainer, requireRunning } from '#containers/containers.js';
import { execInContainer, type ExecRequest, type RunResult } from '#engine/engine.js';
import type { Scene } from './scene.js';
import { requireTypist } from './typist.js';

export async function exec({ paths, log }: Scene, what: string, request: Omit<ExecRequest, 'container'>): Promise<RunResult> {
  requireTypist(request);
  const { id, init, command } = requireRunning(await openContainer(await findPlace(paths.containers, what)));
  return execInContainer(
    { ...request, container: { id, init, command } },
    {
      runDirectory: paths.run,
      log: (line) => log.write('debug', line),
      warn: (line) => log.write('warning', line),
    },
  );
}
