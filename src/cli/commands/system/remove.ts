import { Args } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';

export default class SystemRemove extends BulkheadCommand {
  static override summary = 'End all services of a plugin, and remove all that it keeps';
  static override description =
    'For a plugin that is removed: its registrations, its output and its state, of all its instances. The plugin itself is not touched. Idempotent; needs no daemon.';
  static override examples = ['bulkhead system remove hydra'];
  static override enableJsonFlag = true;
  static override args = { name: Args.string({ name: 'NAME', required: true, ignoreStdin: true, description: 'name of the plugin' }) };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(SystemRemove);
    const services = await (await this.open(flags).system(this.config.version)).remove(args.name);
    for (const label of services) this.say(`Ended ${label}`);
    this.say(args.name);
    return { name: args.name, services };
  }
}
