import { Args } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { sayPermissions } from '../../output/permissions.js';
import { within } from '../../output/report.js';

export default class PluginInspect extends BulkheadCommand {
  static override summary = 'Inspect a Bulkhead plugin (either an installed one or a file)';
  static override description =
    'Shows who a plugin is and, where it is installed, which permissions it asks for and has, and where its code runs. With --json also its contract, callbacks, commands, permissions and, where it is installed, its receipt. No code of the plugin runs.';
  static override examples = ['bulkhead plugin inspect example.com/plugin', 'bulkhead plugin inspect ./my-plugin.sif --json'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:inspect'];
  static override args = {
    plugin: Args.string({ required: true, ignoreStdin: true, description: 'name of an installed plugin, or a file' }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginInspect);
    const product = this.open(flags);
    try {
      const inspection = await product.inspect(args.plugin);
      const { name, description, author, version } = inspection.manifest;
      this.say(`Name: ${name}\nDescription: ${description}\nAuthor: ${author}\nVersion: ${version}`);
      if (inspection.permissions?.length) this.say(`Permissions:\n${sayPermissions(inspection.permissions).replace(/^/gm, '  ')}`);
      if (inspection.installation) this.say(`Isolation: ${inspection.isolation.in} (${inspection.isolation.meaning})`);
      for (const note of inspection.notes) product.log.write('info', note);
      return inspection;
    } catch (error) {
      throw within(`Failed to inspect plugin ${JSON.stringify(args.plugin)}: `, error);
    }
  }
}
