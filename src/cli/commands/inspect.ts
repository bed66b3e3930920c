import { BulkheadCommand } from '../base-command.js';
import { argumentsOf } from '../arguments.js';
import { containerArgs } from '../each-container.js';
import { reportError } from '../output/report.js';

export default class Inspect extends BulkheadCommand {
  static override summary = 'Show all that is known of containers, as JSON';
  static override description = 'Prints a list, also for one container. No code of a plugin runs.';
  static override examples = ['bulkhead inspect web', 'bulkhead inspect web db'];
  static override usage = 'inspect CONTAINER...';
  static override strict = false;
  static override args = containerArgs;

  async run(): Promise<void> {
    const { flags, raw } = await this.parse(Inspect);
    const containers = await this.open(flags).containers();
    const found = await Promise.allSettled(argumentsOf(raw).map((name) => containers.inspect(name)));
    this.logJson(found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
    for (const one of found) if (one.status === 'rejected') process.exitCode = reportError(one.reason);
  }
}
