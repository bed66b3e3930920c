import { Args } from '@oclif/core';
import { argumentsOf } from '../../arguments.js';
import { BulkheadCommand } from '../../base-command.js';

export default class NetworkDelete extends BulkheadCommand {
  static override summary = 'Remove networks';
  static override description = 'One that a container is in, or that a container which is kept names, stays. Needs root.';
  static override examples = ['bulkhead network delete web'];
  static override usage = 'network delete [FLAGS] NAME...';
  static override aliases = ['network:rm', 'network:remove'];
  static override strict = false;
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: 'name of a network' }) };

  async run(): Promise<void> {
    const { flags, raw } = await this.parse(NetworkDelete);
    const networks = await this.open(flags).networks();
    for (const name of argumentsOf(raw)) {
      await networks.remove(name);
      this.say(name);
    }
  }
}
