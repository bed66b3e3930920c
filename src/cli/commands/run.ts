import { Args, Flags } from '@oclif/core';
import { escapeControls } from '#base/text.js';
import type { DryRun } from '#wiring/wiring.js';
import { BulkheadCommand, type CommonFlags } from '../base-command.js';
import { endAsEarly } from '../background.js';
import { configurationFlags, keepingFlags, toNewContainer, toRequest } from '../container-request.js';
import { describeDryRun, paint } from '../output/dry-run.js';
import { endBySignal } from '../end-by-signal.js';
import { bringImage } from '../pull-flags.js';

export default class Run extends BulkheadCommand {
  static override summary = 'Run a command in a new container';
  static override description =
    'IMAGE is a directory that holds a root file system, docker://NAME of a registry, or SCHEME:REFERENCE for a scheme that an installed plugin answers for. Flags end at IMAGE: what follows belongs to the command. The exit code is that of the command, 128+n when signal n ended it, 255 when the container could not be run.';
  static override examples = [
    'bulkhead run ./rootfs /bin/sh',
    'bulkhead run --bind /data:/mnt:ro --env MODE=test ./rootfs make check',
    'bulkhead run -it ./rootfs',
  ];
  static override usage = 'run [FLAGS] IMAGE [COMMAND...]';
  static override strict = false;
  static override args = { image: Args.string({ required: true, ignoreStdin: true, description: 'directory, or SCHEME:REFERENCE' }) };
  static override flags = {
    ...configurationFlags,
    ...keepingFlags,
    detach: Flags.boolean({ summary: 'Run it in the background, and say its id', exclusive: ['plugin-dry-run'] }),
    'plugin-dry-run': Flags.boolean({ summary: 'Say what each plugin would change of the configuration, and start nothing' }),
    json: Flags.boolean({ summary: 'Say it as JSON', dependsOn: ['plugin-dry-run'] }),
  };

  async run(): Promise<void> {
    const { product, invocation, flags: given } = await this.readInvocation(Run, toRequest);
    await product.requireRuntime(given.runtime);
    await product.requireNetworks(given.network);
    if (!(await bringImage(product, invocation.args[0], given))) return;
    if (given['plugin-dry-run']) return this.report(await product.dryRun(invocation), given.json);
    const told = toNewContainer(given as typeof given & CommonFlags, this.argv);
    if (given.detach) {
      return void endAsEarly(await product.runInBackground(invocation, told), (id) => this.log(id));
    }
    const { exitCode, signal } = await product.run(invocation, told);
    process.exitCode = exitCode;
    if (signal !== undefined) endBySignal(signal);
  }

  private report(dryRun: DryRun, isJson: boolean): void {
    if (isJson) return this.logJson(dryRun);
    const isColoured = process.stdout.isTTY && !process.env['NO_COLOR'];
    for (const { text, colour } of describeDryRun(dryRun)) this.log(paint(escapeControls(text), isColoured ? colour : undefined));
  }
}
