import { join } from 'node:path';
import type { PlainRunOptions } from '#monitor/monitor.js';
import type { Scene } from './scene.js';
import type { Settings } from './settings.js';

/** What the machine and its operator say of a run: plain data, the same for each process that runs a container. */
export function machineOptions({ paths }: Pick<Scene, 'paths'>, { 'enable-overlay': overlay = 'try' }: Partial<Settings> = {}) {
  return {
    runDirectory: paths.run,
    imageDirectory: join(paths.state, 'images'),
    imageStore: paths.images,
    volumeDirectory: paths.volumes,
    overlay,
    cdiDirectories: paths.cdi,
  } satisfies PlainRunOptions;
}
