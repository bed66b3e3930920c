import { Flags } from '@oclif/core';
import { argumentsOf } from '../arguments.js';
import { BulkheadCommand } from '../base-command.js';
import { containerArgs, forEachContainer } from '../each-container.js';

export default class Stop extends BulkheadCommand {
  static override summary = 'Stop containers: politely, then surely';
  static override description =
    'Sends the command a signal, as its own terminal might, and waits; what has not ended when the time is over is killed with all that it started. One that has stopped already is no error.';
  static override examples = ['bulkhead stop web', 'bulkhead stop --timeout 60 db', 'bulkhead stop --signal INT web'];
  static override usage = 'stop [FLAGS] CONTAINER...';
  static override strict = false;
  static override args = containerArgs;
  static override flags = {
    signal: Flags.string({ char: 's', summary: 'The signal, by name or number', default: 'TERM', helpValue: 'SIGNAL' }),
    timeout: Flags.integer({
      char: 't',
      aliases: ['time'],
      summary: 'Seconds until it is killed',
      default: 10,
      min: 0,
      max: 2_000_000,
      helpValue: 'SECONDS',
    }),
  };

  async run(): Promise<void> {
    const { flags, raw } = await this.parse(Stop);
    const containers = await this.open(flags).containers();
    const options = { signal: flags.signal, timeoutMs: flags.timeout * 1000 };
    await forEachContainer(
      argumentsOf(raw),
      (name) => containers.stop(name, options),
      (line) => this.say(line),
    );
  }
}
