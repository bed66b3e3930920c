/**
 * Programs that speak the command line of OCI runtimes: crun, runc, and those that an operator names.
 *
 *      SESSION/config.json   the container, as the OCI runtime specification 1.0.2 has it      spec.ts, seccomp.ts
 *             /root          mounted together by the chain, exactly as for the embedded runtime
 *             /oci           the program's own state (--root)
 *             /oci.log .pid  what it has to say, and which process is the command's            watch.ts
 *
 * The chain makes all mounts and all namespaces but the last mount namespace (and the user namespace that maps an ordinary user
 * back), so that every way to a root file system works with every runtime and what a crash leaves is the same; config.json has no
 * mounts, but one where a program would else make devices of its own. The shell stays the program's parent: a FUSE program that were
 * its child would keep crun waiting for ever, and a death signal would not reach the command behind it.
 */
import { isAbsolute } from 'node:path';
import { runtimeInvalid, runtimeMissing, runtimeUnsuitable } from '../errors.js';
import type { OperatorRuntime } from '../../shapes.js';
import { findTool, TOOL_DIRECTORIES } from '../../tools.js';
import type { Runtime, RuntimeProgram } from '../runtime.js';
import type { SecurityOptions } from '../security-options.js';
import { findDialect } from './dialects.js';
import { planEntry } from './entry.js';
import { loadProfile } from './seccomp.js';

export interface OciOptions {
  /** By the operator, name -> program. */
  readonly runtimes: Readonly<Record<string, OperatorRuntime>>;
  readonly security: SecurityOptions;
}

const DIRECTORIES = [...TOOL_DIRECTORIES, '/usr/local/sbin', '/usr/local/bin'];
/** Those that are known by name; all others an operator names. */
const KNOWN = ['crun', 'runc'];

export async function openOciRuntime(name: string, { runtimes, security }: OciOptions): Promise<Runtime> {
  const program = await findProgram(name, runtimes);
  const profile = await loadProfile(security);
  return {
    name,
    makesTerminal: true,
    refuse(identity) {
      if (identity === 'user' && !findDialect(program.like).mapsBack)
        throw runtimeUnsuitable(name, 'it runs nobody but uid 0 in a user namespace, and you keep your own uid');
    },
    enter: async (request) => planEntry(program, { ...request, profile }),
  };
}

/** By a name that is known, or a path. Throws where there is none. */
export async function findProgram(name: string, runtimes: OciOptions['runtimes']): Promise<RuntimeProgram> {
  const own = Object.hasOwn(runtimes, name) ? runtimes[name] : undefined;
  if (own === undefined && !isAbsolute(name) && !KNOWN.includes(name))
    throw runtimeInvalid(name, [...new Set(['embedded', ...KNOWN, ...Object.keys(runtimes)])]);
  const wanted = own?.path ?? name;
  const path = isAbsolute(wanted) ? await findTool('', [wanted]) : await findTool(wanted, DIRECTORIES);
  if (path === undefined) throw runtimeMissing(name, wanted);
  const tidy = isAbsolute(wanted) ? wanted : path;
  return { name, path: tidy, args: own?.args ?? [], like: own?.like ?? tidy };
}
