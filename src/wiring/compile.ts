import { BulkheadError } from '#base/errors.js';
import { describeScript } from '#host/host.js';
import type { buildPlugin } from '#package/package.js';
import {
  compileErrors,
  compilePlugin,
  locateInSource,
  watchPlugin,
  type Compiled,
  type Manifest,
  type WatchOptions,
} from '#package/package.js';
import type { Scene } from './scene.js';

type Describe = Parameters<typeof buildPlugin>[1];

/** Bundles, evaluates in a real compartment, packs. */
export function compile(scene: Scene, directory: string, out?: string): Promise<Compiled> {
  return compilePlugin(directory, { out, describe: describeIn(scene) });
}

/** The same with each change of the source, until the signal aborts. */
export function watch(scene: Scene, directory: string, options: Omit<WatchOptions, 'describe'>): Promise<void> {
  return watchPlugin(directory, { ...options, describe: describeIn(scene) });
}

/** The link between the room that bundles and the one that may run plugin code. */
export function describeIn({ log }: Pick<Scene, 'log'>): Describe {
  return async ({ script, sourceMap }, name): Promise<Manifest> => {
    try {
      return await describeScript(script, { name, log });
    } catch (error) {
      throw explain(error, sourceMap);
    }
  };
}

/** Says where in the author's source it went wrong, which only the source map knows. */
function explain(error: unknown, sourceMap: Uint8Array): unknown {
  if (!(error instanceof BulkheadError) || error.kind !== 'plugin') return error;
  const fault = error.data['fault'] as { name: string; message: string; stack?: string } | undefined;
  const why = fault === undefined ? error.message : `${fault.name}: ${fault.message}`;
  return compileErrors.notEvaluated(locateInSource(fault?.stack, sourceMap) ?? '', why, error);
}
