import { Flags } from '@oclif/core';
import { argumentsOf } from '../arguments.js';
import { BulkheadCommand } from '../base-command.js';
import { containerArgs, forEachContainer } from '../each-container.js';

export default class Remove extends BulkheadCommand {
  static override summary = 'Remove containers that have stopped';
  static override description =
    'Removes their records, their output and what they wrote into their root file system. Volumes and binds stay.';
  static override examples = ['bulkhead remove web', 'bulkhead rm --force web db'];
  static override usage = 'remove [FLAGS] CONTAINER...';
  static override aliases = ['rm'];
  static override strict = false;
  static override args = containerArgs;
  static override flags = {
    force: Flags.boolean({ char: 'f', summary: 'Kill those that run; and remove those whose record is damaged' }),
  };

  async run(): Promise<void> {
    const { flags, raw } = await this.parse(Remove);
    const containers = await this.open(flags).containers();
    const options = { force: Boolean(flags.force) };
    await forEachContainer(
      argumentsOf(raw),
      (name) => containers.remove(name, options),
      (line) => this.say(line),
    );
  }
}
