import { Args } from '@oclif/core';
import { endAsEarly } from '../background.js';
import { BulkheadCommand } from '../base-command.js';
import { readStoredRun } from '../stored-run.js';

export default class Start extends BulkheadCommand {
  static override summary = 'Run a container that is there, in the background';
  static override description =
    'Runs what "bulkhead create" made, or a container that has ended, with the flags that it was made with, and prints its id. What is missing by then, such as a plugin, is an error, and the container stays as it is.';
  static override examples = ['bulkhead start web'];
  static override args = { container: Args.string({ required: true, description: 'name, id, or the beginning of an id' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Start);
    const record = await this.open(flags).readContainer(args.container);
    const { product, invocation } = await readStoredRun(record.invocation, {
      config: this.config,
      open: (pluginDirectories) => this.open({ ...flags, 'plugin-dir': pluginDirectories }),
      parse: (command, words) => this.parse(command, words),
    });
    endAsEarly(await product.startContainer(record.id, invocation), (id) => this.log(id));
  }
}
