import { BulkheadCommand } from '../../base-command.js';
import { exitFatal } from '../../output/report.js';

export default class PluginDoctor extends BulkheadCommand {
  static override summary = 'Say what is wrong with the plugins of this host, and how to mend it';
  static override description =
    'One line for each thing that keeps a plugin or a bundle from being used, and for what is hidden, doubled or not as its author may think. Exits with 0 only where all of them can be used. No code of a plugin runs.';
  static override examples = [
    'bulkhead plugin doctor',
    'bulkhead plugin doctor --plugin-dir ./my-plugins',
    'bulkhead plugin doctor --json',
  ];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:doctor'];

  async run(): Promise<unknown> {
    const { flags } = await this.parse(PluginDoctor);
    const report = await this.open(flags).doctor();
    for (const { kind, broken, reason, hint } of report.findings) {
      const line = `${(broken ? 'BROKEN' : 'NOTE').padEnd(6)}  ${kind}: ${reason}${hint === undefined ? '' : `; to mend it: ${hint}`}`;
      this.say(line.replaceAll('\n', ' '));
    }
    const broken = report.findings.filter((finding) => finding.broken).length;
    const notes = report.findings.length - broken;
    this.say(`${report.plugins} installed, ${report.bundles} bundles: ${broken} broken, ${notes} to note.`);
    if (!report.allWell) process.exitCode = exitFatal;
    return report;
  }
}
