import { Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { describeBoot } from '../../output/services.js';

export default class SystemInstall extends BulkheadCommand {
  static override summary = 'Let a service manager of the system keep services of plugins running';
  static override description =
    "Instead of bulkhead's own daemon, which must not run. Services of plugins that ask for it are registered with it, and start with the machine; others when they are needed. As root it is the manager of the machine, else that of the user; see loginctl enable-linger for one who is not logged in.";
  static override examples = ['bulkhead system install --launcher systemd', 'bulkhead system install --launcher systemd --print'];
  static override enableJsonFlag = true;
  static override flags = {
    launcher: Flags.option({ options: ['systemd', 'launchd'] as const, required: true, summary: 'Which one' })(),
    print: Flags.boolean({ summary: 'Print what would be written, and do nothing' }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(SystemInstall);
    const product = this.open(flags);
    const system = await product.system(this.config.version);
    if (flags.print) {
      const files = await system.describeInstall(flags.launcher);
      for (const { path, text } of files) this.say(`# ${path}\n${text}`);
      return files;
    }
    const report = await system.install(flags.launcher);
    this.say(`Services are kept running by ${flags.launcher}`);
    for (const line of describeBoot(report)) this.say(line);
    for (const warning of report.warnings) product.log.write('warning', warning);
    return report;
  }
}
