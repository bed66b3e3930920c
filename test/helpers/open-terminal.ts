import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { delimiter } from 'node:path';

export interface OpenTerminal {
  readonly child: ChildProcess;
  readonly type: (keys: string) => void;
  /** Until what it has shown matches; rejects when all has ended without. */
  readonly printed: (wanted: RegExp) => Promise<void>;
  readonly text: () => string;
  /** Of the window. */
  readonly resize: (rows: number, columns: number) => void;
  /** What stty(1) says of it: size and modes. */
  readonly modes: () => string;
  readonly exitCode: Promise<number>;
}

/** Runs a program at a pseudo-terminal by script(1), as a person would; kill `child` after the test. */
export function openTerminal(words: readonly string[], env: Readonly<Record<string, string | undefined>> = process.env): OpenTerminal {
  const command = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  // Without exec a shell would stay in between, and dash has its own answer to a ^C.
  const child = spawn('script', ['-qec', `exec ${command}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...env, PATH: env['PATH'] ?? ['/usr/bin', '/bin'].join(delimiter), SHELL: '/bin/sh' },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  const stty = (...options: string[]): string => execFileSync('stty', ['-F', terminalOf(child), ...options], { encoding: 'utf8' });
  return {
    child,
    type: (keys) => void child.stdin.write(keys),
    text: () => text,
    printed: (wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => void (wanted.test(text) && resolve());
        child.stdout.on('data', look);
        child.once('close', () => reject(new Error(`It ended without printing ${String(wanted)}: ${text}`)));
        look();
      }),
    resize: (rows, columns) => void stty('rows', String(rows), 'cols', String(columns)),
    modes: () => stty('-a'),
    exitCode: new Promise((resolve) => child.once('close', (code) => resolve(code ?? -1))),
  };
}

/** Of what it runs, e.g. `/dev/pts/3`. */
function terminalOf({ pid }: ChildProcess): string {
  const [inner] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return readlinkSync(`/proc/${inner}/fd/0`);
}
