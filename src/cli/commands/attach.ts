import { Args, Flags } from '@oclif/core';
import { attach } from '../background.js';
import { BulkheadCommand } from '../base-command.js';

export default class Attach extends BulkheadCommand {
  static override summary = 'Sit down before a container that runs in the background';
  static override description =
    "Shows what it writes from now on, hands on what is typed where it was made with --interactive, passes signals on, and exits with its exit code. At a terminal each key is the container's, and the size of the window too; ^P ^Q leaves it alone again.";
  static override examples = ['bulkhead run --detach -it --name shell ./rootfs', 'bulkhead attach shell'];
  static override args = { container: Args.string({ required: true, description: 'name, id, or the beginning of an id' }) };
  static override flags = { 'no-stdin': Flags.boolean({ summary: 'Only show what it writes' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Attach);
    const containers = await this.open(flags).containers();
    const sinceMs = Date.now();
    const { id, interactive } = await containers.requireRunning(args.container);
    const types = interactive && !flags['no-stdin'];
    await attach({ id, ended: (signal) => containers.wait(id, signal) }, { containers, sinceMs, types });
  }
}
