import { Args, Flags } from '@oclif/core';
import { escapeControls } from '#base/text.js';
import type { DryRun } from '#wiring/wiring.js';
import { argumentsOf } from '../arguments.js';
import { BulkheadCommand } from '../base-command.js';
import { describeDryRun, paint } from '../output/dry-run.js';
import { optionFlags, requestOptions } from '../run-flags.js';
import { endBySignal } from '../end-by-signal.js';

export default class Run extends BulkheadCommand {
  static override summary = 'Run a command in a new container';
  static override description =
    'IMAGE is a directory that holds a root file system, or SCHEME:REFERENCE for a scheme that an installed plugin answers for. Flags end at IMAGE: what follows belongs to the command. The exit code is that of the command, 128+n when signal n ended it, 255 when the container could not be run.';
  static override examples = [
    'bulkhead run ./rootfs /bin/sh',
    'bulkhead run --bind /data:/mnt:ro --env MODE=test ./rootfs make check',
    'bulkhead run -it ./rootfs',
  ];
  static override usage = 'run [FLAGS] IMAGE [COMMAND...]';
  static override strict = false;
  static override args = { image: Args.string({ required: true, ignoreStdin: true, description: 'directory, or SCHEME:REFERENCE' }) };
  static override flags = {
    bind: Flags.string({
      char: 'B',
      summary: 'Show a path of the host in the container',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'SRC[:DST[:ro,nosuid,nodev,noexec,optional]]',
    }),
    env: Flags.string({
      char: 'e',
      summary: 'Set a variable of the environment',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'K=V',
    }),
    hostname: Flags.string({ summary: 'Host name in the container', helpValue: 'NAME' }),
    cwd: Flags.string({ summary: 'Directory in which the command starts', helpValue: 'DIR', aliases: ['pwd'] }),
    'read-only': Flags.boolean({ summary: 'Make the root file system read-only' }),
    interactive: Flags.boolean({ char: 'i', summary: 'Keep standard input open, also where the container is detached' }),
    tty: Flags.boolean({ char: 't', summary: 'Give the command a terminal of its own' }),
    fakeroot: Flags.boolean({ summary: 'Be root inside the container, without being root outside' }),
    'plugin-dry-run': Flags.boolean({ summary: 'Say what each plugin would change of the configuration, and start nothing' }),
    json: Flags.boolean({ summary: 'Say it as JSON', dependsOn: ['plugin-dry-run'] }),
    ...optionFlags,
  };

  async run(): Promise<void> {
    const {
      product,
      invocation,
      flags: given,
    } = await this.readInvocation(Run, ({ args, flags, raw }) => ({
      image: args.image,
      command: argumentsOf(raw).slice(1),
      binds: flags.bind ?? [],
      env: flags.env ?? [],
      hostname: flags.hostname,
      workingDirectory: flags.cwd,
      // oclif gives nothing for a flag that was not given, whatever its types say.
      readOnly: Boolean(flags['read-only']),
      fakeroot: flags.fakeroot,
      interactive: flags.interactive,
      terminal: flags.tty,
      options: requestOptions(flags),
    }));
    if (given['plugin-dry-run']) return this.report(await product.dryRun(invocation), given.json);
    const { exitCode, signal } = await product.run(invocation);
    process.exitCode = exitCode;
    if (signal !== undefined) endBySignal(signal);
  }

  private report(dryRun: DryRun, isJson: boolean): void {
    if (isJson) return this.logJson(dryRun);
    const isColoured = process.stdout.isTTY && !process.env['NO_COLOR'];
    for (const { text, colour } of describeDryRun(dryRun)) this.log(paint(escapeControls(text), isColoured ? colour : undefined));
  }
}
