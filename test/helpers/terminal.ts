import { join } from 'node:path';
import { execa } from 'execa';
import { repository, type Cli } from './cli.js';
import { needTool } from './need.js';

/** Runs the CLI at a terminal of its own (a pty) and answers with every byte that the terminal was sent; `input` is typed. */
export async function runAtTerminal(context: Mocha.Context, cli: Cli, argv: readonly string[], input = ''): Promise<string> {
  needTool(context, 'script');
  const command = [process.execPath, join(repository, 'bin/run.js'), ...argv].map(quote).join(' ');
  const env = { ...cli.env, TERM: 'xterm-256color', COLORTERM: 'truecolor' };
  const { stdout } = await execa('script', ['-qec', command, '/dev/null'], {
    env,
    extendEnv: false,
    input,
    reject: false,
    stripFinalNewline: false,
  });
  return stdout;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
