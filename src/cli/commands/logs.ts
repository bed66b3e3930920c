import { Errors, Flags } from '@oclif/core';
import { BulkheadCommand } from '../base-command.js';
import { containerArgs } from '../each-container.js';
import { printOutput } from '../print-output.js';
import { parseSince } from '../since.js';

export default class Logs extends BulkheadCommand {
  static override summary = 'Print what a container has written';
  static override description =
    'What it wrote to its standard output comes on standard output, and its standard error on standard error; byte for byte, so that a terminal acts on control characters in it: do not print the output of what you do not trust at a terminal without a filter such as `cat -v`.';
  static override examples = ['bulkhead logs web', 'bulkhead logs --follow --tail 10 web', 'bulkhead logs --since 10m --timestamps web'];
  static override args = containerArgs;
  static override flags = {
    follow: Flags.boolean({ char: 'f', summary: 'Go on until the container ends' }),
    tail: Flags.string({ char: 'n', summary: 'Only the last lines of what is there', helpValue: 'N|all' }),
    since: Flags.string({ summary: 'Only what was written since', helpValue: 'TIME|10m' }),
    timestamps: Flags.boolean({ char: 't', summary: 'Begin each line with its time' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Logs);
    const containers = await this.open(flags).containers();
    const parts = containers.output(args.container, {
      follow: Boolean(flags.follow),
      tail: parseTail(flags.tail),
      sinceMs: flags.since === undefined ? undefined : parseSince(flags.since, Date.now()),
    });
    for await (const part of parts) await printOutput(part, Boolean(flags.timestamps));
  }
}

function parseTail(text: string | undefined): number | undefined {
  if (text === undefined || text === 'all') return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new Errors.CLIError(`--tail must be a number of lines or "all", and not "${text}"`);
  return Number(text);
}
