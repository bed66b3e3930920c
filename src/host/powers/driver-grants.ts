/** What a driver of images, or a runtime, may name: checked as the powers of that name are, though the plugin itself reaches none of it. */
import type { Permissions } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError, systemCodeOf } from '#base/errors.js';
import { hostErrors } from '../errors.js';
import { requireSafe } from './exec.js';
import { hold, isGranted, realPathOf } from './granted-path.js';

/** Answers with the program's real path: that is what has been looked at. */
export async function requireDriverProgram(plugin: string, program: string, grants: Permissions): Promise<string> {
  if (!(grants.exec ?? []).includes(program)) throw hostErrors.driverRefused(plugin, `it was not granted exec:${program}`);
  return requireSafeProgram(program, grants, (why) => hostErrors.driverRefused(plugin, why));
}

/** As above, of what a runtime runs containers with. */
export async function requireRuntimeProgram(plugin: string, program: string, grants: Permissions): Promise<string> {
  if (!(grants.runtime ?? []).includes(program)) throw hostErrors.runtimeRefused(plugin, `it was not granted runtime:${program}`);
  // A name is the engine's to look up, among the programs of root.
  if (!program.startsWith('/')) return program;
  return requireSafeProgram(program, grants, (why) => hostErrors.runtimeRefused(plugin, why));
}

async function requireSafeProgram(program: string, grants: Permissions, refuse: (why: string) => BulkheadError): Promise<string> {
  try {
    const held = await hold(program);
    try {
      await requireSafe(program, held, grants.writeFile ?? []);
      return textOf(await realPathOf(held));
    } finally {
      await held.close();
    }
  } catch (error) {
    const why = error instanceof BulkheadError ? error.message : `${program} cannot be run (${systemCodeOf(error) ?? 'unknown error'})`;
    throw refuse(why);
  }
}

/** Answers with where the path leads, links followed; undefined where nothing is there. */
export async function requireMountable(plugin: string, path: string, grants: Permissions): Promise<string | undefined> {
  const held = await hold(path).catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') return undefined;
    throw hostErrors.driverRefused(plugin, `${path} cannot be looked at (${systemCodeOf(error) ?? 'unknown error'})`);
  });
  if (held === undefined) return undefined;
  try {
    const real = await realPathOf(held);
    if (!(await isGranted(real, grants.mount ?? []))) throw hostErrors.driverRefused(plugin, `it was not granted mount:${path}`);
    return textOf(real);
  } finally {
    await held.close();
  }
}

/** The kernel's paths are bytes. One that is no UTF-8 has no name here, and none in an answer either. */
function textOf(real: string): string {
  return Buffer.from(real, 'latin1').toString('utf8');
}
