import { Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { describeBoot } from '../../output/services.js';

export default class SystemStart extends BulkheadCommand {
  static override summary = 'Start the daemon that keeps services of plugins running';
  static override description =
    'Idempotent. Services of plugins that ask for it are registered, and what changed of them is applied; those that a daemon has left which was killed are found again. Programs of plugins see of the environment what this command is given: variables of bulkhead and of proxies, and nothing else.';
  static override examples = ['bulkhead system start'];
  static override enableJsonFlag = true;
  static override flags = {
    timeout: Flags.integer({ summary: 'How long the daemon may take to answer', helpValue: 'SECONDS', default: 60, min: 1, max: 3_600 }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(SystemStart);
    const product = this.open(flags);
    const started = await (await product.system(this.config.version)).start({ timeoutMs: flags.timeout * 1_000 });
    if (started.pid === undefined) this.say(`Services are kept running by ${started.launcher}`);
    else this.say(started.isNew ? `The daemon runs (process ${started.pid})` : `The daemon runs already (process ${started.pid})`);
    for (const label of started.adopted) this.say(`Found again: ${label}`);
    for (const line of describeBoot(started)) this.say(line);
    for (const warning of started.warnings) product.log.write('warning', warning);
    return started;
  }
}
