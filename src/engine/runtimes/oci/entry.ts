/** The last step of a session whose command is started by a program that speaks the command line of OCI runtimes. */
import { isatty } from 'node:tty';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { renderFstab, type FstabLine } from '../../mounts/fstab.js';
import { CAPABILITIES, readPowers } from '../../validate-options.js';
import { quoteWord } from '../environment.js';
import { CHAIN_IGNORES } from '../launcher.js';
import type { Entry, EntryRequest, RuntimeProgram } from '../runtime.js';
import { findDialect, type Dialect } from './dialects.js';
import { planKeeper } from './keeper.js';
import type { SeccompProfile } from './seccomp.js';
import { composeSpec, renderSpec, type Spec } from './spec.js';
import { explainRuntime, watchRuntime } from './watch.js';

export interface WrappedProgram extends RuntimeProgram {
  /** What it is run by, where that is not the engine's shell: a program and its arguments. */
  readonly wrapper?: readonly string[];
}

/** Where nobody says how large a terminal is. */
const SIZE = { rows: 24, columns: 80 };

const CONFIG_FILE = 'config.json';
const LOG_FILE = 'oci.log';
const PID_FILE = 'oci.pid';
const STATE_DIRECTORY = 'oci';
const GROUPS_FILE = 'fstab.groups';

export interface OciEntryRequest extends EntryRequest {
  readonly profile: SeccompProfile | undefined;
  /** What somebody else wants of `config.json`. */
  readonly change?: ((spec: Spec) => Spec) | undefined;
}

export async function planEntry(program: WrappedProgram, request: OciEntryRequest): Promise<Entry> {
  const { session, config, identity, tools, streams, change = (spec: Spec) => spec } = request;
  const { wrapper, ...bare } = program;
  const dialect = findDialect(program.like);
  const groups = guardControlGroups(dialect, { isRealRoot: identity === 'root', mounts: await readFile('/proc/self/mounts', 'utf8') });
  const words = composeWords(program, session);
  const spec = change(await draftSpec(request, dialect));
  let unrunnable: 126 | 127 | undefined;
  // A wrapper would come between the program and it.
  const keeper = dialect.losesWords && spec.process.terminal && wrapper === undefined ? await planKeeper(tools) : undefined;
  const places = { pidFile: join(session, PID_FILE), logFile: join(session, LOG_FILE) };
  return {
    files: { [CONFIG_FILE]: renderSpec(spec), ...(groups.length === 0 ? {} : { [GROUPS_FILE]: renderFstab(groups) }) },
    lines: [
      ...(groups.length === 0 ? [] : [`${tools.mount} -n -i -a -T ${quoteWord(join(session, GROUPS_FILE))} || exit 125`]),
      'unset PWD OLDPWD SHLVL word',
      ...(keeper === undefined ? [] : [keeper.line]),
      'echo exec >&4',
      `exec ${[...resetSignals(request), ...words].map(quoteWord).join(' ')} ${streams}`,
    ],
    start: async ({ chain, shell }) =>
      watchRuntime(chain, {
        ...places,
        runtime: shell,
        steps: [words, words.slice(wrapper?.length ?? 0)],
        isPlanned: request.change !== undefined,
        command: config.command,
        keeper,
        resizes: spec.process.terminal && !dialect.resizesTerminal,
        async couldNotRun() {
          const { judgeInterpreter } = await import('./interpreter.js');
          unrunnable = await judgeInterpreter(request.tree, config);
          return unrunnable !== undefined;
        },
      }),
    explain: async () =>
      unrunnable ??
      explainRuntime(program.name, places.logFile, async () => (await import('./interpreter.js')).judgeCommand(request.tree, config)),
    // What a wrapper has put around the container is nothing that a further command could be given.
    program: wrapper === undefined ? bare : undefined,
  };
}

/** As the program would be given it where nobody else has a say. */
export async function draftSpec(
  { session, config, identity, caller, atOwnTerminal, profile }: OciEntryRequest,
  { leavesDevices }: Pick<Dialect, 'leavesDevices'>,
): Promise<Spec> {
  const isTerminal = atOwnTerminal || (isatty(0) && isatty(1));
  return composeSpec({
    config,
    identity,
    caller,
    profile,
    devices: leavesDevices ? undefined : join(session, 'root/dev'),
    terminal: isTerminal ? findSize() : undefined,
    available: await readAvailable(identity === 'root'),
    umask: config.umask ?? process.umask(),
  });
}

/** Root's are those of this very process; in a user namespace of its own everybody has all that the kernel has. */
export async function readAvailable(isRealRoot: boolean): Promise<ReadonlySet<string>> {
  if (isRealRoot) return readPowers().bounding;
  return new Set(CAPABILITIES.slice(0, Number(await readFile('/proc/sys/kernel/cap_last_cap', 'utf8')) + 1));
}

/** Of the caller's terminal, where that has one; in cells. */
export function findSize(): { rows: number; columns: number } {
  const { rows, columns } = process.stdout;
  return process.stdout.isTTY && rows > 0 && columns > 0 ? { rows, columns } : SIZE;
}

/** In the directory that the shell stands in: the bundle is the session. */
function composeWords({ wrapper = [], ...program }: WrappedProgram, session: string): string[] {
  const globals = composeGlobals(program, { session, logFile: join(session, LOG_FILE) });
  return [...wrapper, ...globals, 'run', '--bundle', session, '--pid-file', join(session, PID_FILE), nameContainer(session)];
}

/** The words before the verb. */
export function composeGlobals({ path, args, like }: RuntimeProgram, { session, logFile }: { session: string; logFile: string }): string[] {
  const state = join(session, STATE_DIRECTORY);
  return [path, ...args, '--root', state, '--log', logFile, '--log-format', 'json', ...findDialect(like).globals];
}

/** As the program calls it. */
export function nameContainer(session: string): string {
  return `bulkhead-${idOf(session)}`;
}

/** Of the container that a session is for. */
export function idOf(session: string): string {
  return basename(session).split('.')[0] ?? '';
}

/** The chain ignores them; a program that is started so would ignore them too, and hand that on. */
export function resetSignals({ tools }: Pick<EntryRequest, 'tools'>): string[] {
  return tools.envResetsSignals ? [tools.env, `--default-signal=${CHAIN_IGNORES.join(',')}`] : [];
}

/** In the chain's mount namespace alone; the limits of a container are held from outside, see limits/control-group.ts. */
export function guardControlGroups(
  { controlGroups }: Dialect,
  { isRealRoot, mounts }: { isRealRoot: boolean; mounts: string },
): FstabLine[] {
  const rows = mounts.split('\n').map((line) => line.split(' '));
  const points = rows.flatMap(([, point = '', type = '']) => (type === 'cgroup' || type === 'cgroup2' ? [{ point, type }] : []));
  const isHybrid = new Set(points.map(({ type }) => type)).size === 2;
  if (controlGroups === 'hide' && isHybrid)
    return [{ source: 'none', target: '/sys/fs/cgroup', type: 'tmpfs', options: ['ro', 'size=4096', 'mode=755'] }];
  if (controlGroups === 'freeze' && isRealRoot)
    return points.map(({ point }) => ({ source: 'none', target: point, type: 'none', options: ['remount', 'bind', 'ro'] }));
  return [];
}
