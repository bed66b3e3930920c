import { BulkheadCommand } from '../../base-command.js';

export default class SystemStop extends BulkheadCommand {
  static override summary = 'End the daemon and all services of plugins';
  static override description = 'Idempotent. What plugins keep is not touched, and containers go on.';
  static override examples = ['bulkhead system stop'];
  static override enableJsonFlag = true;

  async run(): Promise<unknown> {
    const { flags } = await this.parse(SystemStop);
    const { daemon, services } = await (await this.open(flags).system(this.config.version)).stop();
    for (const label of services) this.say(`Ended ${label}`);
    this.say(daemon === undefined ? 'No daemon runs' : `Ended the daemon (process ${daemon.process.pid})`);
    return { pid: daemon?.process.pid, services };
  }
}
