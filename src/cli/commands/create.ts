import { Args } from '@oclif/core';
import { BulkheadCommand, type CommonFlags } from '../base-command.js';
import { configurationFlags, keepingFlags, toNewContainer, toRequest } from '../container-request.js';
import { bringImage } from '../pull-flags.js';

export default class Create extends BulkheadCommand {
  static override summary = 'Make a container, and start nothing';
  static override description =
    'Takes the flags of run, keeps them as they were typed, and prints the id of the container. "bulkhead start" runs it, as often as you like: what it has written stays with it.';
  static override examples = ['bulkhead create --name web ./rootfs httpd -f', 'bulkhead start web'];
  static override usage = 'create [FLAGS] IMAGE [COMMAND...]';
  static override strict = false;
  static override args = { image: Args.string({ required: true, ignoreStdin: true, description: 'directory, or SCHEME:REFERENCE' }) };
  static override flags = { ...configurationFlags, ...keepingFlags };

  async run(): Promise<void> {
    const { product, invocation, flags } = await this.readInvocation(Create, toRequest);
    await product.requireRuntime(flags.runtime);
    await product.requireNetworks(flags.network);
    if (!(await bringImage(product, invocation.args[0], flags))) return;
    this.log(await product.createContainer(invocation.args, toNewContainer(flags as typeof flags & CommonFlags, this.argv)));
  }
}
