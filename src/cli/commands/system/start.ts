import { Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';

export default class SystemStart extends BulkheadCommand {
  static override summary = 'Start the daemon that keeps services of plugins running';
  static override description =
    'Idempotent. Services that a daemon has left which was killed are found again. Programs of plugins see of the environment what this command is given: variables of bulkhead and of proxies, and nothing else.';
  static override examples = ['bulkhead system start'];
  static override enableJsonFlag = true;
  static override flags = {
    timeout: Flags.integer({ summary: 'How long the daemon may take to answer', helpValue: 'SECONDS', default: 60, min: 1, max: 3_600 }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(SystemStart);
    const system = await this.open(flags).system(this.config.version);
    const started = await system.start({ timeoutMs: flags.timeout * 1_000 });
    this.say(started.isNew ? `The daemon runs (process ${started.pid})` : `The daemon runs already (process ${started.pid})`);
    for (const label of started.adopted) this.say(`Found again: ${label}`);
    return started;
  }
}
