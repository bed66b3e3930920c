import { BulkheadCommand } from '../../base-command.js';
import { describeSystem } from '../../output/services.js';

export default class SystemStatus extends BulkheadCommand {
  static override summary = 'Say whether the daemon runs, and how services of plugins are';
  static override description = 'Exits with 1 where no daemon runs. Starts nothing.';
  static override examples = ['bulkhead system status', 'bulkhead system status --json'];
  static override enableJsonFlag = true;

  async run(): Promise<unknown> {
    const { flags } = await this.parse(SystemStatus);
    const report = await (await this.open(flags).system(this.config.version)).status();
    for (const line of describeSystem(report, Date.now())) this.say(line);
    if (report.status !== 'running') process.exitCode = 1;
    return report;
  }
}
