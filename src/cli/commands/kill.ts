import { Flags } from '@oclif/core';
import { argumentsOf } from '../arguments.js';
import { BulkheadCommand } from '../base-command.js';
import { containerArgs, forEachContainer } from '../each-container.js';

export default class Kill extends BulkheadCommand {
  static override summary = 'Send a signal to the commands of containers that run';
  static override description =
    'TERM, HUP, USR1 and USR2 go by way of the container’s monitor, so that plugins see them as they see those of the foreground; INT and QUIT as well, unless that is at a terminal. Others go to the command. Does not wait for what comes of it.';
  static override examples = ['bulkhead kill web', 'bulkhead kill --signal HUP web'];
  static override usage = 'kill [FLAGS] CONTAINER...';
  static override strict = false;
  static override args = containerArgs;
  static override flags = {
    signal: Flags.string({ char: 's', summary: 'The signal, by name or number', default: 'KILL', helpValue: 'SIGNAL' }),
  };

  async run(): Promise<void> {
    const { flags, raw } = await this.parse(Kill);
    const containers = await this.open(flags).containers();
    await forEachContainer(
      argumentsOf(raw),
      (name) => containers.kill(name, { signal: flags.signal }),
      (line) => this.say(line),
    );
  }
}
