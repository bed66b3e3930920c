import { Args } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';

export default class VolumeInspect extends BulkheadCommand {
  static override summary = 'Show a named volume as JSON';
  static override description = 'Where its content is on the host, when it was made, and which containers name it.';
  static override examples = ['bulkhead volume inspect cache'];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: 'name of the volume' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(VolumeInspect);
    this.logJson(await (await this.open(flags).volumes()).inspect(args.name));
  }
}
