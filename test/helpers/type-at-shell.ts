/** What a person does at an interactive shell; each rejects where the shell ends, and waits for what is shown, never for a time. */
import type { OpenTerminal } from './open-terminal.js';

/** The window changes, and the shell's terminal with it: that takes several processes a moment, so the shell itself waits for it. */
export async function changeWindow(terminal: OpenTerminal, { rows, columns }: { rows: number; columns: number }): Promise<void> {
  terminal.resize(rows, columns);
  terminal.type(`until [ "$(stty size)" = '${rows} ${columns}' ]; do sleep 0.02; done; echo "window of" ${rows} by ${columns}\n`);
  await terminal.printed(new RegExp(`window of ${rows} by ${columns}`));
}

/** ^Z, fg. */
export async function stopAndGoOn(terminal: OpenTerminal): Promise<void> {
  terminal.type('cat\nbefore\n');
  await terminal.printed(/before[^]*before/);
  terminal.type('\u001a');
  await terminal.printed(/Stopped/);
  terminal.type('fg\nafter\n');
  await terminal.printed(/after[^]*after/);
}

/** ^C to a program that reads. */
export async function interrupt(terminal: OpenTerminal): Promise<void> {
  terminal.type('cat\ntyped\n');
  await terminal.printed(/typed[^]*typed/);
  await interruptNow(terminal);
}

/** ^C to what runs; a prompt comes after it. */
export async function interruptNow(terminal: OpenTerminal): Promise<void> {
  terminal.type('\u0003');
  await terminal.printed(/\^C[^]*[$#] $/);
}
