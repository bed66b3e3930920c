import { Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { exitFatal } from '../../output/report.js';

export default class PluginSelftest extends BulkheadCommand {
  static override summary = 'Try to break out of the sandbox of plugins, on this machine and this Node';
  static override description =
    'Runs ways out of a compartment as a plugin would try them, each with an honest twin that must work, and checks after each that the host is as it was. Needs no installed plugin and leaves nothing behind. Exits with 0 only if all held.';
  static override examples = ['bulkhead plugin selftest', 'bulkhead plugin selftest --json'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:selftest'];
  static override flags = {
    class: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      options: ['B', 'C', 'D', 'E', 'F', 'G'],
      summary: 'Only ways out of this class, as the table letters them',
      helpValue: 'LETTER',
    }),
    isolation: Flags.option({ options: ['thread', 'process'] as const, default: 'thread', summary: 'Where the plugin of the test runs' })(),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(PluginSelftest);
    const product = this.open(flags);
    const report = await product.selftest({ isolation: flags.isolation, classes: flags.class });
    this.say(`Node ${report.node}, isolation ${report.isolation}\n`);
    this.say('CLASS  TRIED   HELD  TWINS WORKING  WAYS OUT BY');
    for (const { class: letter, tried, held, twinsWorking, title } of report.classes)
      this.say(`${letter.padEnd(5)}  ${pad(tried, 5)}  ${pad(held, 5)}  ${pad(twinsWorking, 13)}  ${title}`);
    for (const { name, held, outcome, twinOutcome, broken } of report.failures)
      this.say(`NOT ${held ? 'WORKING' : 'HELD'}: ${name}: ${[...broken, held ? `its twin: ${twinOutcome}` : outcome].join('; ')}`);
    this.say(report.allHeld ? '\nAll of it held.' : `\n${report.failures.length} of these did not hold.`);
    if (!report.allHeld) process.exitCode = exitFatal;
    return report;
  }
}

function pad(count: number, width: number): string {
  return String(count).padStart(width);
}
