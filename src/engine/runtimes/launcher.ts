/**
 * The words between the shell of the host and the command; each program takes one step and becomes the next.
 *
 *      [env (signals, NAME=VALUE)]  setpriv (fewer rights)  unshare (root, working directory)  [/bin/sh of the image]  COMMAND ARGUMENT…
 *
 * A process whose arguments are a tail of this that is longer than the command has not become the command yet.
 */
import { basename } from 'node:path';
import type { Tools } from '../tools.js';
import type { SortedEnvironment } from './environment.js';
import { LIMITED_CAPABILITIES, type Identity } from './identity.js';

/**
 * What a terminal or a job scheduler sends to a whole process group must end neither unshare nor the shells, or all would end
 * with them: they ignore it, and env(1) gives it back its meaning. An env(1) that cannot leaves it to unshare, which blocks
 * INT and TERM since util-linux 2.36.
 */
export const CHAIN_IGNORES = ['HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'TERM'];

export interface Launcher {
  readonly words: readonly string[];
  /** The arguments that the process has at each step before it is the command. */
  readonly steps: readonly (readonly string[])[];
  /** What the kernel calls the process at these steps, and when it is the command. */
  readonly names: ReadonlySet<string>;
  readonly commandName: string;
  /** Exported beside the plain ones. */
  readonly carried: ReadonlyMap<string, string>;
}

export interface LauncherRequest {
  readonly tools: Tools;
  readonly identity: Identity;
  readonly uid: number;
  readonly gid: number;
  readonly workingDirectory: string;
  readonly env: SortedEnvironment;
  readonly command: readonly string[];
}

export function composeLauncher(request: LauncherRequest): Launcher {
  const { env, command } = request;
  const carried = new Map([...env.linker].map(([, value], index) => [carrierOf(index), value]));
  const programs = [setEnvironment(request), limitRights(request), changeRoot(request), becomeInImage([...env.linker.keys()])].filter(
    (words) => words.length > 0,
  );
  const steps = programs.map((_, index) => [...programs.slice(index).flat(), ...command]);
  const names = new Set(programs.map(([program = '']) => kernelName(program)));
  return { words: [...programs.flat(), ...command], steps, names, commandName: kernelName(command[0] ?? ''), carried };
}

function kernelName(program: string): string {
  return basename(program).slice(0, 15);
}

/** The only values on a command line: of names that shells own. bash would add a `_` of its own. */
function setEnvironment({ tools, env }: LauncherRequest): string[] {
  const options = [
    ...(tools.envResetsSignals ? [`--default-signal=${CHAIN_IGNORES.join(',')}`] : []),
    ...(tools.shellIsBash ? ['-u', '_'] : []),
  ];
  const assignments = [...env.shell].map(([name, value]) => `${name}=${value}`);
  return options.length + assignments.length === 0 ? [] : [tools.env, ...options, ...assignments];
}

function limitRights({ tools, identity }: LauncherRequest): string[] {
  if (identity === 'user') return [tools.setpriv, '--no-new-privs'];
  const kept = ['-all', ...LIMITED_CAPABILITIES.map((name) => `+${name}`)].join(',');
  return [tools.setpriv, '--no-new-privs', '--inh-caps=-all', '--ambient-caps=-all', `--bounding-set=${kept}`];
}

/** The ordinary user maps back to the own uid in a second namespace, in which exec leaves no capability. */
function changeRoot({ tools, identity, uid, gid, workingDirectory }: LauncherRequest): string[] {
  const mapping = identity === 'user' ? ['--user', `--map-user=${uid}`, `--map-group=${gid}`] : [];
  return [tools.unshare, ...mapping, '--root=.', `--wd=${workingDirectory}`, '--'];
}

/** Names are checked to be names; values come by the carriers. */
function becomeInImage(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const renames = names.map((name, index) => `export ${name}="$${carrierOf(index)}"; unset ${carrierOf(index)}; `);
  return ['/bin/sh', '-c', `unset PWD OLDPWD; ${renames.join('')}exec "$@"`, 'sh'];
}

function carrierOf(index: number): string {
  return `BULKHEAD_CARRIED_${index}`;
}
