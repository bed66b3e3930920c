/**
 * The words between the shell of the host and the command; each program takes one step and becomes the next.
 *
 *      [env (signals, NAME=VALUE)]  [prlimit]  setpriv (fewer rights)  unshare (root, working directory)  [/bin/sh of the image]  COMMAND ARGUMENT…
 *
 * A process whose arguments are a tail of this that is longer than the command has not become the command yet.
 */
import { basename } from 'node:path';
import { toolMissing } from '../errors.js';
import type { ContainerOptions } from '../options.js';
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
  readonly options?: Pick<ContainerOptions, 'user' | 'capabilities' | 'rlimits'> | undefined;
  /** Where the container is there already. */
  readonly entered?: Entered | undefined;
}

export interface Entered {
  /** The program nsenter. */
  readonly nsenter: string;
  /** Of the command, as a file, e.g. `/proc/3/ns/user`; the second one of an ordinary user. */
  readonly userNamespace: string;
}

export function composeLauncher(request: LauncherRequest): Launcher {
  const { env, command } = request;
  const carried = new Map([...env.linker].map(([, value], index) => [carrierOf(index), value]));
  const programs = [
    setEnvironment(request),
    limitResources(request),
    limitRights(request),
    changeRoot(request),
    becomeInImage([...env.linker.keys()]),
  ].filter((words) => words.length > 0);
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

function limitResources({ tools, options: { rlimits = {} } = {} }: LauncherRequest): string[] {
  const limits = Object.entries(rlimits).flatMap(([name, limit]) => (limit === undefined ? [] : [`--${name}=${limit.soft}:${limit.hard}`]));
  if (limits.length === 0) return [];
  if (tools.prlimit === undefined) throw toolMissing('prlimit', 'util-linux');
  return [tools.prlimit, ...limits];
}

/** Who enters is nobody's PID 1: it has a death signal of its own. */
function limitRights({ tools, identity, entered, options = {} }: LauncherRequest): string[] {
  const mortal = entered === undefined ? [] : ['--pdeathsig', 'KILL'];
  if (identity === 'user') return [tools.setpriv, ...mortal, '--no-new-privs'];
  const bounds = boundCapabilities(options);
  return [
    ...[tools.setpriv, ...mortal, '--no-new-privs', '--inh-caps=-all', '--ambient-caps=-all'],
    ...(bounds.length === 0 ? [] : [`--bounding-set=${bounds.join(',')}`]),
  ];
}

/** Whoever becomes another uid loses all of them then, and needs some until then. */
function boundCapabilities({ user, capabilities: { all, ...single } = {} }: NonNullable<LauncherRequest['options']>): string[] {
  const needed = ['sys_chroot', ...((user?.uid ?? 0) === 0 ? [] : ['setuid', 'setgid'])];
  const named = (wanted: boolean): string[] => Object.entries(single).flatMap(([name, isAdded]) => (isAdded === wanted ? [name] : []));
  const dropped = named(false).filter((name) => !needed.includes(name));
  if (all === true) return dropped.map((name) => `-${name}`);
  const kept = new Set([...(all === false ? [] : LIMITED_CAPABILITIES), ...named(true)].filter((name) => !dropped.includes(name)));
  return ['-all', ...[...new Set([...kept, ...needed])].map((name) => `+${name}`)];
}

/** The ordinary user maps back to the own uid, or to another, in a second namespace, in which exec leaves no capability. */
function changeRoot({ tools, identity, workingDirectory, options, entered, ...caller }: LauncherRequest): string[] {
  if (entered !== undefined && identity === 'user')
    return [entered.nsenter, `--user=${entered.userNamespace}`, '--preserve-credentials', '--root=.', `--wdns=${workingDirectory}`, '--'];
  const { uid, gid } = options?.user ?? caller;
  const mapping = identity === 'user' ? ['--user', `--map-user=${uid}`, `--map-group=${gid}`] : [];
  const other = identity === 'root' && options?.user !== undefined ? [`--setgid=${gid}`, `--setuid=${uid}`] : [];
  return [tools.unshare, ...mapping, ...other, '--root=.', `--wd=${workingDirectory}`, '--'];
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
