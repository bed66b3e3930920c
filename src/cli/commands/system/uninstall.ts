import { BulkheadCommand } from '../../base-command.js';

export default class SystemUninstall extends BulkheadCommand {
  static override summary = 'Take services of plugins back from a service manager of the system';
  static override description = 'Ends them, and removes what was written for it. Idempotent. What plugins keep is not touched.';
  static override examples = ['bulkhead system uninstall'];
  static override enableJsonFlag = true;

  async run(): Promise<unknown> {
    const { flags } = await this.parse(SystemUninstall);
    const taken = await (await this.open(flags).system(this.config.version)).uninstall();
    for (const label of taken?.services ?? []) this.say(`Ended ${label}`);
    this.say(taken === undefined ? 'No service manager of the system has services of bulkhead' : `Taken back from ${taken.launcher}`);
    return taken ?? { services: [] };
  }
}
