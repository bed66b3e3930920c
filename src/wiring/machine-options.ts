import { join } from 'node:path';
import { CONTAINER_FILES, type ContainerPlace } from '#containers/containers.js';
import type { RunOptions } from '#engine/engine.js';
import type { PlainRunOptions } from '#monitor/monitor.js';
import type { Scene } from './scene.js';
import type { Settings } from './settings.js';

/** What the machine and its operator say of a run: plain data, the same for each process that runs a container. */
export function machineOptions(
  { paths }: Pick<Scene, 'paths'>,
  { 'enable-overlay': overlay = 'try', runtimes = {} }: Partial<Settings> = {},
) {
  return {
    runDirectory: paths.run,
    imageDirectory: join(paths.state, 'images'),
    imageStore: paths.images,
    volumeDirectory: paths.volumes,
    overlay,
    runtimes,
    cdiDirectories: paths.cdi,
  } satisfies PlainRunOptions;
}

/** Of a container that is kept: what it writes stays with it, for the next time, and so does its image. One that goes at its end writes into memory. */
export function keptOptions(
  { id, path }: ContainerPlace,
  { name = id, autoRemove }: { readonly name?: string | undefined; readonly autoRemove: boolean },
): Pick<RunOptions, 'writableDirectory' | 'record'> {
  return autoRemove ? {} : { writableDirectory: join(path, CONTAINER_FILES.writable), record: { path, name } };
}
