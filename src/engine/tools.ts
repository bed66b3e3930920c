/** The programs of the host that the engine runs, by absolute path. Looked up in fixed places: PATH belongs to the caller. */
import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { findTool, TOOL_DIRECTORIES } from '#base/programs.js';
import { toolMissing } from './errors.js';

export { findTool, TOOL_DIRECTORIES } from '#base/programs.js';

const PACKAGE_OF = { setpriv: 'util-linux', unshare: 'util-linux', mount: 'util-linux', sh: 'dash', cp: 'coreutils', env: 'coreutils' };
const PROBE_DEADLINE_MS = 2_000;
type ToolName = keyof typeof PACKAGE_OF;

export interface Tools extends Readonly<Record<ToolName, string>> {
  /** Only asked for when a host name is to be set. */
  readonly hostname: string | undefined;
  /** Only asked for when there are resource limits, of util-linux. */
  readonly prlimit: string | undefined;
  /** Only asked for when there is a network of its own, of iproute2. */
  readonly ip: string | undefined;
  /** Whether env(1) can give signals their default meaning again (coreutils 8.31). */
  readonly envResetsSignals: boolean;
  /** bash puts a variable `_` into the environment of all that it runs. */
  readonly shellIsBash: boolean;
}

/** Finds every tool; throws TOOL_MISSING for the first that is not there. */
export async function findTools(directories: readonly string[] = TOOL_DIRECTORIES): Promise<Tools> {
  const optional = ['hostname', 'prlimit', 'ip'].map((name) => findTool(name, directories));
  const [setpriv, unshare, mount, sh, cp, env] = await Promise.all([
    readTool('setpriv', directories),
    readTool('unshare', directories),
    readTool('mount', directories),
    readTool('sh', directories),
    readTool('cp', directories),
    readTool('env', directories),
  ]);
  const [envResetsSignals, shell, [hostname, prlimit, ip]] = await Promise.all([resetsSignals(env), realpath(sh), Promise.all(optional)]);
  const shellIsBash = basename(shell) === 'bash';
  return { setpriv, unshare, mount, sh, cp, env, hostname, prlimit, ip, envResetsSignals, shellIsBash };
}

/** Of those that few containers need. Throws TOOL_MISSING where it is not there. */
export async function requireCoreutil(name: string): Promise<string> {
  const path = await findTool(name, TOOL_DIRECTORIES);
  if (path === undefined) throw toolMissing(name, 'coreutils');
  return path;
}

function resetsSignals(env: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(env, ['--default-signal=INT', env], { env: {}, timeout: PROBE_DEADLINE_MS }, (failure) => resolve(failure === null));
  });
}

/** Throws TOOL_MISSING where it is not there. */
export async function readTool(name: ToolName, directories: readonly string[] = TOOL_DIRECTORIES): Promise<string> {
  const path = await findTool(name, directories);
  if (path === undefined) throw toolMissing(name, PACKAGE_OF[name]);
  return path;
}
