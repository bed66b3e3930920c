import { Args, Flags } from '@oclif/core';
import { attach, endAsEarly } from '../background.js';
import { BulkheadCommand } from '../base-command.js';
import { readStoredRun } from '../stored-run.js';

export default class Start extends BulkheadCommand {
  static override summary = 'Run a container that is there, in the background';
  static override description =
    'Runs what "bulkhead create" made, or a container that has ended, with the flags that it was made with, and prints its id. What is missing by then, such as a plugin, is an error, and the container stays as it is. With --interactive what is typed goes to it; ^P ^Q at a terminal leaves it alone again.';
  static override examples = ['bulkhead start web', 'bulkhead start --attach web', 'bulkhead start -ai shell'];
  static override args = { container: Args.string({ required: true, description: 'name, id, or the beginning of an id' }) };

  static override flags = {
    attach: Flags.boolean({ char: 'a', summary: 'Show what it writes, pass signals on, and exit with its exit code' }),
    interactive: Flags.boolean({ char: 'i', summary: 'The same, and hand on what is typed; of one that was made with --interactive' }),
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
    const types = Boolean(flags.interactive);
    const started = await product.startContainer(record.id, invocation, { types });
    const { id, ended } = started;
    if ((flags.attach || types) && started.early === undefined)
      return attach(
        { id, ended: () => ended, endInput: () => started.endInput(), release: () => started.release() },
        { containers: await product.containers(), sinceMs, types },
      );
    endAsEarly(started, (id) => this.log(id));
  }
}
