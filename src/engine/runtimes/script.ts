/**
 * The two scripts of a container: what PID 1 does, and the last step, which becomes the command. Pure text.
 *
 * PID 1 stays a shell and the command its foreground child: a child in the background would ignore SIGINT and SIGQUIT and
 * read from /dev/null; a command that is PID 1 itself would ignore SIGTERM. When PID 1 ends the kernel ends all of its
 * namespace, and with that the mounts.
 *
 *      fd 2  the session's log      fd 3  the caller's stderr      fd 4  a socket to the engine: begin, ready, exec, exit N
 */
import { toolMissing } from '../errors.js';
import type { Tools } from '../tools.js';
import { quoteWord, type SortedEnvironment } from './environment.js';
import type { Identity } from './identity.js';
import { makeTerminalSane, runAtTerminal, type TerminalTools, type TerminalWishes } from '../terminal/own-terminal.js';
import { CHAIN_IGNORES, type Launcher } from './launcher.js';

export interface ScriptRequest {
  readonly session: string;
  readonly tools: Tools;
  readonly identity: Identity;
  readonly hostname: string | undefined;
  readonly network?: 'host' | 'none' | undefined;
  /** Lines between the memory and the other mounts: how drivers lay overlays. None where absent. */
  readonly stage?: readonly string[];
  /** Of the command's own, which then is no subshell of PID 1. */
  readonly terminal?: TerminalTools | undefined;
  /** What the shell that becomes the command does last, see runtime.ts. */
  readonly entry: readonly string[];
}

export const SCRIPT_FILE = 'script';
/** What follows once the image is mounted, where it must be mounted first. */
export const REST_FILE = 'rest';
export const COMMAND_FILE = 'command';
/** What a shell at a terminal of its own reads before it becomes the command. */
export const TERMINAL_FILE = 'terminal';
export const IMAGE_FSTAB_FILE = 'fstab.image';
export const MEMORY_FSTAB_FILE = 'fstab.memory';
export const LOWER_FSTAB_FILE = 'fstab.lower';
export const FSTAB_FILE = 'fstab';
export const LOG_FILE = 'log';

/**
 * The subshell waits for "go" before anything of the container runs: the engine first checks where the mounts went, and an
 * engine that was killed before the death signal was set never says it.
 */
export function writeScript(request: ScriptRequest): string {
  return [...writeHead(), writeRest(request)].join('\n');
}

/** Mounts an image, and goes on with what the engine writes meanwhile: it must see the image to plan the rest. */
export function writeImageScript({ session, tools, stage }: { session: string; tools: Tools; stage: readonly string[] }): string {
  return [
    ...writeHead(),
    `${mountAll(tools)} ${quoteWord(`${session}/${IMAGE_FSTAB_FILE}`)} || exit 125`,
    ...stage,
    `. ${quoteWord(`${session}/${REST_FILE}`)}`,
    '',
  ].join('\n');
}

/** The script, or what follows on the image's. */
export function writeRest(request: ScriptRequest): string {
  const { session, tools, identity, hostname, network, stage = [], terminal } = request;
  const preserve = identity === 'root' ? 'mode,ownership' : 'mode';
  return [
    `${mountAll(tools)} ${quoteWord(`${session}/${MEMORY_FSTAB_FILE}`)} || exit 125`,
    `cd ${quoteWord(session)} || exit 125`,
    `${tools.cp} -R -P --preserve=${preserve} skeleton/. memory/ || exit 125`,
    ...(stage.length === 0 ? [] : [`${mountAll(tools)} ${LOWER_FSTAB_FILE} || exit 125`, ...stage]),
    `${mountAll(tools)} ${FSTAB_FILE} || exit 125`,
    ...(hostname === undefined ? [] : [setHostname(hostname, tools)]),
    ...(network === 'none' ? [bringUpLoopback(tools)] : []),
    // Where exec finds the container's root, as the working directory of PID 1.
    `cd ${quoteWord(`${session}/root`)} || exit 125`,
    ...(terminal === undefined ? ['(', ...becomeCommand(request), ')'] : [runAtTerminal(terminal, `${session}/${TERMINAL_FILE}`)]),
    ...reportExit(),
  ].join('\n');
}

/** The whole of the file that is read at a terminal. */
export function writeTerminal(request: ScriptRequest, terminal: TerminalTools, wishes: TerminalWishes): string {
  return [...makeTerminalSane(terminal, request.tools.mount, wishes), ...becomeCommand(request), ''].join('\n');
}

export interface EnteredRequest {
  readonly tools: Tools;
  /** What the shell does that becomes the command, before it waits for "go", and after; with `9>&-`, where `first` opens fd 9. */
  readonly before?: readonly string[];
  readonly lines: readonly string[];
  /** What the shell that waits for it does before all else, and at the end, with the exit code in `code`. */
  readonly first?: readonly string[];
  readonly last?: readonly string[];
}

/** What the shell does that has entered a container. Its fd 5 shows a process of the host; it stands in the container's root. */
export function writeEntered(request: EnteredRequest, terminal?: { readonly tools: TerminalTools; readonly file: string }): string {
  const {
    tools: { setpriv },
    first = [],
    last = [],
  } = request;
  return [
    'exec 5>&-',
    ...writeHead(),
    ...first,
    ...(terminal === undefined
      ? ['(', ...enterCommand(request), ')']
      : [`${setpriv} --pdeathsig KILL ${runAtTerminal(terminal.tools, terminal.file)}`]),
    ...reportExit(last),
  ].join('\n');
}

export function writeEnteredTerminal(request: EnteredRequest, terminal: TerminalTools, wishes: TerminalWishes): string {
  return [...makeTerminalSane(terminal, request.tools.mount, wishes), ...enterCommand(request), ''].join('\n');
}

function becomeCommand({ entry }: ScriptRequest): string[] {
  return [...awaitGo(), ...entry];
}

function enterCommand({ before = [], lines }: EnteredRequest): string[] {
  return [...before, ...awaitGo(), ...lines];
}

function awaitGo(): string[] {
  return ['echo ready >&4', 'read -r word <&4 && [ "$word" = go ] || exit 125'];
}

function reportExit(last: readonly string[] = []): string[] {
  return ['code=$?', ...last, 'echo "exit $code" >&4', 'exit "$code"', ''];
}

function writeHead(): string[] {
  return [
    // Ignored already where env(1) can undo that. dash would leave on a ^C even as PID 1.
    `trap : ${CHAIN_IGNORES.join(' ')}`,
    'echo begin >&4',
  ];
}

function mountAll(tools: Tools): string {
  return `${tools.mount} -n -i -a -T`;
}

/** Read by the subshell, which it turns into the launcher. Holds the environment: mode 0600. */
export function writeCommand(
  launcher: Launcher,
  env: SortedEnvironment,
  { umask, streams }: { umask?: number | undefined; streams: string },
): string {
  const mask = umask === undefined ? [] : [`umask ${umask.toString(8).padStart(4, '0')}`];
  const exports = [...env.plain, ...launcher.carried].map(([name, value]) => `export ${name}=${quoteWord(value)}`);
  const words = launcher.words.map(quoteWord).join(' ');
  return ['unset PATH LC_ALL PWD OLDPWD SHLVL word', ...mask, 'echo exec >&4', ...exports, `exec ${words} ${streams}`, ''].join('\n');
}

function setHostname(hostname: string, tools: Tools): string {
  if (tools.hostname === undefined) return `echo ${quoteWord(hostname)} >/proc/sys/kernel/hostname || exit 125`;
  return `${tools.hostname} ${quoteWord(hostname)} || exit 125`;
}

/** A new network namespace has a loopback, which is down. */
function bringUpLoopback(tools: Tools): string {
  if (tools.ip === undefined) throw toolMissing('ip', 'iproute2');
  return `${tools.ip} link set lo up || exit 125`;
}
