import { Args, Flags } from '@oclif/core';
import { BulkheadError } from '#base/errors.js';
import { BulkheadCommand } from '../../base-command.js';
import { within } from '../../output/report.js';

export default class PluginCompile extends BulkheadCommand {
  static override summary = 'Compile a Bulkhead plugin';
  static override description =
    'Bundles the plugin in DIR (plugin.ts, src/plugin.ts or index.ts) into one script, runs that script in a compartment to read what is static in it, and packs both into one SIF file. The file works on every host whose contract fits; nothing is type-checked.';
  static override examples = ['bulkhead plugin compile $HOME/my-plugin'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:compile'];
  static override args = {
    dir: Args.string({ required: true, ignoreStdin: true, description: 'directory that holds the source of the plugin' }),
  };
  static override flags = {
    out: Flags.string({ char: 'o', summary: 'Path of the file to write', helpValue: 'FILE', noCacheDefault: true }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginCompile);
    const product = this.open(flags);
    try {
      const { path, manifest } = await product.compile(args.dir, flags.out);
      product.log.write('info', `Plugin built to: ${path}`);
      return { path, manifest };
    } catch (error) {
      throw isAboutSource(error) ? error : within('Plugin compile failed with error: ', error, '');
    }
  }
}

/** Apptainer says these two without a frame. */
function isAboutSource(error: unknown): boolean {
  return error instanceof BulkheadError && ['COMPILE_SOURCE_MISSING', 'COMPILE_SOURCE_UNREADABLE'].includes(error.code);
}
