import { Args } from '@oclif/core';
import { argumentsOf } from '../../arguments.js';
import { BulkheadCommand } from '../../base-command.js';

export default class VolumeRemove extends BulkheadCommand {
  static override summary = 'Remove named volumes, and all that is in them';
  static override description = 'One that a container runs with, or that a container which is kept names, stays.';
  static override examples = ['bulkhead volume remove cache'];
  static override usage = 'volume remove [FLAGS] NAME...';
  static override aliases = ['volume:rm'];
  static override strict = false;
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: 'name of the volume' }) };

  async run(): Promise<void> {
    const { flags, raw } = await this.parse(VolumeRemove);
    const volumes = await this.open(flags).volumes();
    for (const name of argumentsOf(raw)) {
      await volumes.remove(name);
      this.say(name);
    }
  }
}
