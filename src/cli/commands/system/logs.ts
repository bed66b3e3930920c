import { Args, Errors, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { interruptible } from '../../interruptible.js';
import { parseSince } from '../../since.js';

export default class SystemLogs extends BulkheadCommand {
  static override summary = 'Print what services of plugins wrote, and what the daemon says of them';
  static override description = 'Each line begins with its time and the name of its service. Control characters are shown, not acted on.';
  static override examples = ['bulkhead system logs', 'bulkhead system logs --follow hydra', 'bulkhead system logs --last 5m hydra.1'];
  static override args = { name: Args.string({ name: 'NAME', description: 'A service, as system status names it; "daemon"' }) };
  static override flags = {
    follow: Flags.boolean({ char: 'f', summary: 'Go on until interrupted' }),
    last: Flags.string({ summary: 'Only what was written so long ago, or later', helpValue: '5m' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SystemLogs);
    const system = await this.open(flags).system(this.config.version);
    const sinceMs = flags.last === undefined ? undefined : parseLast(flags.last);
    await interruptible(async (signal) => {
      for await (const { label, time, text } of system.logs({ name: args.name, follow: Boolean(flags.follow), sinceMs, signal })) {
        this.say(`${time} ${label.replace(/^com\.bulkhead\./, '')}: ${text}`);
      }
      signal.throwIfAborted();
    });
  }
}

function parseLast(text: string): number {
  if (!/^0*[1-9]\d{0,8}[smhd]$/.test(text))
    throw new Errors.CLIError(`invalid --last value: ${JSON.stringify(text)}; it must be such as 30s, 5m, 2h or 1d`);
  return parseSince(text, Date.now());
}
