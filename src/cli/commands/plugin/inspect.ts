import { Args, Flags } from '@oclif/core';
import { describeSignature, type Bundled, type Product } from '#wiring/wiring.js';
import { BulkheadCommand } from '../../base-command.js';
import { sayPermissions } from '../../output/permissions.js';
import { describeBundle } from '../../output/plugins.js';
import { saySettings } from '../../output/settings.js';
import { within } from '../../output/report.js';

export default class PluginInspect extends BulkheadCommand {
  static override summary = 'Inspect a Bulkhead plugin (either an installed one, a bundle, or a file)';
  static override description =
    'Shows who a plugin is and, where it is installed, which permissions it asks for and has, and where its code runs. With --json also its contract, callbacks, commands, permissions and, where it is installed, its receipt. No code of the plugin runs.';
  static override examples = ['bulkhead plugin inspect example.com/plugin', 'bulkhead plugin inspect ./my-plugin.sif --json'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:inspect'];
  static override args = {
    plugin: Args.string({ required: true, ignoreStdin: true, description: 'name of an installed plugin or of a bundle, or a file' }),
  };
  static override flags = { sbom: Flags.boolean({ summary: 'Only what of npm was bundled into it: CycloneDX, in JSON' }) };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginInspect);
    const product = this.open(flags);
    try {
      if (flags.sbom) return await this.showSbom(product, args.plugin);
      const placed = await product.bundles.inspect(args.plugin);
      if (placed !== undefined) {
        this.say(describeBundle(placed.bundle));
        for (const note of placed.notes) product.log.write('info', note);
        return placed;
      }
      const inspection = await product.inspect(args.plugin);
      const { name, description, author, version, runtimes, networks } = inspection.manifest;
      this.say(`Name: ${name}\nDescription: ${description}\nAuthor: ${author}\nVersion: ${version}`);
      if (runtimes.length > 0) this.say(`Runtimes: ${runtimes.join(', ')}`);
      if (networks.length > 0) this.say(`Networks: ${networks.join(', ')}`);
      const { signature } = inspection;
      if (signature !== undefined && signature.state !== 'unsigned') this.say(`Signature: ${describeSignature(signature)}`);
      const foreign = (inspection.bundled ?? []).filter(({ name: bundled }) => bundled !== sdkName);
      if (foreign.length > 0) this.say(`Bundles: ${sayBundled(foreign)}`);
      if (inspection.permissions?.length) this.say(`Permissions:\n${sayPermissions(inspection.permissions).replace(/^/gm, '  ')}`);
      if (inspection.installation) this.say(`Isolation: ${inspection.isolation.in} (${inspection.isolation.meaning})`);
      if (inspection.settings.length > 0) this.say(`Configuration:\n${saySettings(inspection.settings).replace(/^/gm, '  ')}`);
      for (const note of inspection.notes) product.log.write('info', note);
      return inspection;
    } catch (error) {
      throw within(`Failed to inspect plugin ${JSON.stringify(args.plugin)}: `, error);
    }
  }

  private async showSbom(product: Product, plugin: string): Promise<unknown> {
    const sbom = await product.sbom(plugin);
    if (!this.jsonEnabled()) this.logJson(sbom);
    return sbom;
  }
}

/** In every plugin; there is no need to say so. */
const sdkName = '@bulkhead/plugin-sdk';
/** At most this many by name; `--sbom` tells all. */
const namesMax = 8;

function sayBundled(bundled: readonly Bundled[]): string {
  const names = bundled.slice(0, namesMax).map(({ name, version, licence }) => `${name} ${version} (${licence ?? 'no licence'})`);
  return [...names, ...(bundled.length > namesMax ? [`and ${bundled.length - namesMax} more`] : [])].join(', ');
}
