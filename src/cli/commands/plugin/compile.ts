import { Args, Flags } from '@oclif/core';
import { constants } from 'node:os';
import { BulkheadError, messageOf } from '#base/errors.js';
import type { Product } from '#wiring/wiring.js';
import { BulkheadCommand } from '../../base-command.js';
import { sayCompiled } from '../../output/compiled.js';
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
    watch: Flags.boolean({ char: 'w', summary: 'Compile again with each change of a file that goes into it, until Ctrl-C' }),
    verbose: Flags.boolean({ char: 'v', summary: 'Say what goes into the file, how large it is, and how long each step took' }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PluginCompile);
    const product = this.open(flags);
    try {
      if (flags.watch) return await this.watch(product, args.dir, flags);
      const compiled = await product.compile(args.dir, flags.out);
      sayCompiled(product.log, compiled, flags.verbose);
      return flags.verbose ? compiled : { path: compiled.path, manifest: compiled.manifest };
    } catch (error) {
      throw inSentence(error);
    }
  }

  /** Ends as a program does that the signal ends, once what is under way is over. */
  private async watch(
    product: Product,
    directory: string,
    { out, verbose }: { out?: string | undefined; verbose: boolean },
  ): Promise<void> {
    const stopped = new AbortController();
    const stop = (signal: NodeJS.Signals): void => {
      process.exitCode = 128 + constants.signals[signal];
      stopped.abort();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
    await product.watch(directory, {
      out,
      signal: stopped.signal,
      async onResult(result) {
        await result.then(
          (compiled) => sayCompiled(product.log, compiled, verbose),
          (error: unknown) => {
            if (!(error instanceof BulkheadError) || error.kind === 'bug') throw error;
            product.log.write('error', messageOf(inSentence(error)));
          },
        );
        product.log.write('info', 'Waiting for changes; Ctrl-C ends this');
      },
    });
  }
}

function inSentence(error: unknown): unknown {
  return isAboutSource(error) ? error : within('Plugin compile failed with error: ', error, '');
}

/** Apptainer says these two without a frame. */
function isAboutSource(error: unknown): boolean {
  return error instanceof BulkheadError && ['COMPILE_SOURCE_MISSING', 'COMPILE_SOURCE_UNREADABLE'].includes(error.code);
}
