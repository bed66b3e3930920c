/** The terminal at which the caller sits. While a command has one of its own script(1) makes it raw; killed, it would leave it so. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { isatty } from 'node:tty';
import { findProcess } from '../lifecycle/process-tree.js';

/** Remembers its modes. What is answered gives them back; idempotent, and does nothing where there is no terminal. */
export async function keepCallerTerminal(stty: string): Promise<() => Promise<void>> {
  if (!isatty(0)) return () => Promise.resolve();
  const modes = (await runStty(stty, '-g')).trim();
  return async () => {
    // From the background it would be stopped until somebody brings it to the front.
    if (modes !== '' && isInForeground()) await runStty(stty, modes);
  };
}

/** Whether stdin is a terminal whose keys make signals for this process. */
export function isInForeground(): boolean {
  if (!isatty(0)) return false;
  const self = findProcess(process.pid);
  return self !== undefined && self.terminal !== 0 && self.foregroundGroupId === self.groupId;
}

/** What it prints; nothing where it fails, as at a terminal that was hung up. */
async function runStty(stty: string, argument: string): Promise<string> {
  const child = spawn(stty, [argument], { stdio: ['inherit', 'pipe', 'ignore'], env: {} });
  const ended = new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  const [printed] = await Promise.all([text(child.stdout).catch(() => ''), ended]);
  return printed;
}
