import { Args, Flags } from '@oclif/core';
import { attach, endAsEarly } from '../background.js';
import { BulkheadCommand } from '../base-command.js';
import { readStoredRun } from '../stored-run.js';

export default class Start extends BulkheadCommand {
  static override summary = 'Run a container that is there, in the background';
  static override description =
    'Runs what "bulkhead create" made, or a container that has ended, with the flags that it was made with, and prints its id. What is missing by then, such as a plugin, is an error, and the container stays as it is.';
  static override examples = ['bulkhead start web', 'bulkhead start --attach web'];
  static override args = { container: Args.string({ required: true, description: 'name, id, or the beginning of an id' }) };

  static override flags = {
    attach: Flags.boolean({ char: 'a', summary: 'Show what it writes, pass signals on, and exit with its exit code' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Start);
    const record = await this.open(flags).readContainer(args.container);
    const { product, invocation } = await readStoredRun(record.invocation, {
      config: this.config,
      open: (pluginDirectories) => this.open({ ...flags, 'plugin-dir': pluginDirectories }),
      parse: (command, words) => this.parse(command, words),
    });
    const sinceMs = Date.now();
    const started = await product.startContainer(record.id, invocation);
    if (flags.attach && started.early === undefined) return attach(started, { containers: await product.containers(), sinceMs });
    endAsEarly(started, (id) => this.log(id));
  }
}
