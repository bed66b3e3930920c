import { Errors, Flags } from '@oclif/core';
import { argumentsOf } from '../arguments.js';
import { BulkheadCommand } from '../base-command.js';
import { containerArgs } from '../each-container.js';

export default class Exec extends BulkheadCommand {
  static override summary = 'Run a further command in a container that runs';
  static override description =
    'It has all of the container: its namespaces, its root, its environment, its limits, and no more rights than its command was given; and it ends with it. Flags end at CONTAINER: what follows belongs to the command. The exit code is that of the command, 126 or 127 where it cannot be executed, 255 where the container cannot be entered.';
  static override examples = [
    'bulkhead exec web cat /etc/os-release',
    'bulkhead exec -it web /bin/sh',
    'bulkhead exec --env MODE=test --cwd /srv web make check',
  ];
  static override usage = 'exec [FLAGS] CONTAINER COMMAND...';
  static override strict = false;
  static override args = containerArgs;
  static override flags = {
    interactive: Flags.boolean({ char: 'i', summary: 'Give it the standard input; without, that is empty' }),
    tty: Flags.boolean({ char: 't', summary: 'Give it a terminal of its own' }),
    env: Flags.string({
      char: 'e',
      summary: 'Set a variable, besides those of the container',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'K=V',
    }),
    user: Flags.string({ char: 'u', summary: "Who it is inside, in numbers; the container's where absent", helpValue: 'UID[:GID]' }),
    cwd: Flags.string({ char: 'w', summary: "Where it starts; the container's where absent", helpValue: 'DIR', aliases: ['workdir'] }),
  };

  async run(): Promise<void> {
    const { args, flags, raw } = await this.parse(Exec);
    const command = argumentsOf(raw).slice(1);
    if (command.length === 0)
      throw new Errors.CLIError('Name the command after the container', { suggestions: ['bulkhead exec CONTAINER /bin/sh'] });
    const { exitCode } = await this.open(flags).exec(args.container, {
      command,
      env: flags.env ?? [],
      user: flags.user,
      workingDirectory: flags.cwd,
      interactive: Boolean(flags.interactive),
      terminal: Boolean(flags.tty),
    });
    process.exitCode = exitCode;
  }
}
