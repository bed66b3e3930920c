import { Command, Flags, type Interfaces } from '@oclif/core';
import { escapeControls } from '#base/text.js';
import { openLog } from '#base/log.js';
import { openProduct, type Invocation, type Product } from '#wiring/wiring.js';
import { describeInvocation, listBuiltinFlags, type Extended } from './added-flags.js';
import { describeError, exitCodeOf } from './output/report.js';

export interface CommonFlags {
  readonly debug: boolean;
  readonly quiet: boolean;
  readonly 'plugin-dir'?: readonly string[] | undefined;
}

/** What all commands share: the flags for the log, the product, and the form of errors. */
export abstract class BulkheadCommand extends Command {
  /** What was opened before the command was known, to know all commands. */
  static early: Product | undefined;

  static override baseFlags = {
    debug: Flags.boolean({
      char: 'd',
      summary: 'Say on standard error what is done, and where plugins run',
      env: 'BULKHEAD_DEBUG',
      helpGroup: 'GLOBAL',
    }),
    quiet: Flags.boolean({ char: 'q', summary: 'Say only errors', helpGroup: 'GLOBAL' }),
    'plugin-dir': Flags.string({
      summary: 'A further directory of plugins; before all others',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'DIR',
      helpGroup: 'GLOBAL',
    }),
  };

  /** Opens the product for this command line. Reads nothing yet. */
  protected open(flags: CommonFlags): Product {
    return openProduct({
      log: openLog({ debug: flags.debug && !flags.quiet, quiet: flags.quiet, write: (line) => process.stderr.write(line) }),
      print: (text) => process.stdout.write(text),
      env: process.env,
      uid: process.geteuid?.() ?? -1,
      builtinFlags: listBuiltinFlags(this.config),
      early: BulkheadCommand.early,
      pluginDirectories: flags['plugin-dir'] ?? [],
    });
  }

  /** Parses a command to which plugins may add flags; `toRequest` is what it asks for, once a plugin may have changed a flag. */
  protected async readInvocation<
    F extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    B extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    A extends Interfaces.OutputArgs<Interfaces.ArgInput>,
    Request,
  >(
    command: Interfaces.Input<F, B, A>,
    toRequest: (parsed: Interfaces.ParserOutput<F, B, A>) => Request,
  ): Promise<{ product: Product; invocation: Invocation<Request>; flags: F }> {
    // The class that runs is the command's own, or one made of it that has the flags of plugins too.
    const extended = this.ctor as unknown as typeof command & Extended;
    const parse = (words?: string[]) => this.parse<F, B, A>(extended, words);
    const parsed = await parse();
    const { invocation, warnings } = describeInvocation(extended, { parsed, parse, toRequest });
    const product = this.open(parsed.flags as unknown as CommonFlags);
    for (const warning of warnings) product.log.write('warning', warning);
    return { product, invocation, flags: parsed.flags };
  }

  /** Prints text that may come from a plugin. */
  protected say(text: string): void {
    this.log(escapeControls(text));
  }

  /** Escapes what JSON may leave as it is and a terminal acts on; in this form it is still JSON. */
  protected override logJson(value: unknown): void {
    process.stdout.write(`${escapeControls(JSON.stringify(value, null, 2))}\n`);
  }

  /** With `--json` an error is a value on standard output too; otherwise `main` reports it. */
  protected override catch(error: Error): Promise<void> {
    if (!this.jsonEnabled()) throw error;
    process.exitCode = exitCodeOf(error);
    this.logJson({ error: describeError(error) });
    return Promise.resolve();
  }
}
