/**
 * The terminal at which the caller sits. While a command has one of its own script(1) makes it raw, and killed, it would leave it so:
 *
 *      engine ─┬─▶ the chain ─▶ script      gives it back at its end
 *              └─▶ a shell, which waits     gives it back where the engine was killed, and script with it
 *
 * The engine itself gives it back where only script was killed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { isatty } from 'node:tty';
import { findProcess } from '../lifecycle/process-tree.js';
import { TOOL_DIRECTORIES } from '../tools.js';

/** By their paths. */
interface CallerTools {
  readonly sh: string;
  readonly stty: string;
}

const ENV = { PATH: TOOL_DIRECTORIES.join(':'), LC_ALL: 'C' };

/** Remembers its modes. What is answered gives them back; idempotent, and does nothing where there is no terminal. */
export async function keepCallerTerminal({ sh, stty }: CallerTools): Promise<() => Promise<void>> {
  if (!isatty(0)) return () => Promise.resolve();
  const modes = (await runStty(stty, '-g')).trim();
  if (modes === '') return () => Promise.resolve();
  const watcher = startWatcher(sh, modes);
  return async () => {
    await dismiss(watcher);
    // From the background it would be stopped until somebody brings it to the front.
    if (isInForeground()) await runStty(stty, modes);
  };
}

/** Each key is a byte from then on, and each byte is shown as it is. What keeps it gives it back. */
export async function makeCallerTerminalRaw({ stty }: Pick<CallerTools, 'stty'>): Promise<void> {
  if (isatty(0)) await runStty(stty, 'raw', '-echo');
}

/** Whether stdin is a terminal whose keys make signals for this process. */
export function isInForeground(): boolean {
  if (!isatty(0)) return false;
  const self = findProcess(process.pid);
  return self !== undefined && self.terminal !== 0 && self.foregroundGroupId === self.groupId;
}

/**
 * Reads a word when it is no more needed, and its end when the engine was killed. Only a terminal that is as script leaves it is given
 * back: the caller's shell may have done so already, and edit its next line by now. For two seconds, as script may be about to make it raw
 * in the moment in which it dies. From the background too: who ignores SIGTTOU is not stopped.
 */
const WATCH = `
trap '' HUP INT QUIT TERM USR1 USR2 TSTP TTIN TTOU
read -r word && exit
looks=0
while [ $((looks += 1)) -le 40 ]; do
  case $(stty -a <&3) in *-opost*-isig*) exec stty "$1" <&3 ;; esac
  sleep 0.05
done`;

function startWatcher(sh: string, modes: string): ChildProcess {
  const watcher = spawn(sh, ['-c', WATCH, 'sh', modes], { cwd: '/', env: ENV, stdio: ['pipe', 'ignore', 'ignore', 0] });
  // Without it all goes on, and a terminal may stay raw.
  watcher.on('error', () => undefined);
  watcher.stdin?.on('error', () => undefined);
  // Nobody stays for it who does not dismiss it.
  watcher.unref();
  if (watcher.stdin instanceof Socket) watcher.stdin.unref();
  return watcher;
}

async function dismiss(watcher: ChildProcess): Promise<void> {
  if (watcher.pid === undefined || watcher.exitCode !== null || watcher.signalCode !== null) return;
  const ended = new Promise((resolve) => watcher.once('close', resolve));
  watcher.ref();
  watcher.stdin?.end('done\n');
  await ended;
}

/** What it prints; nothing where it fails, as at a terminal that was hung up. */
async function runStty(stty: string, ...words: string[]): Promise<string> {
  const child = spawn(stty, words, { stdio: ['inherit', 'pipe', 'ignore'], env: {} });
  const ended = new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  const [printed] = await Promise.all([text(child.stdout).catch(() => ''), ended]);
  return printed;
}
