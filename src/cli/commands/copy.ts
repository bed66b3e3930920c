import { Args, Errors, Flags } from '@oclif/core';
import { BulkheadCommand } from '../base-command.js';

export default class Copy extends BulkheadCommand {
  static override summary = 'Copy files between this host and a container that runs';
  static override description =
    'One of SRC and DST is CONTAINER:PATH. A directory is copied with all that is in it, into DST where that is a directory; SRC/. means only what is in it. Links are copied as links. What is written belongs to you; modes are kept without setuid and setgid; sockets, devices and FIFOs are left out, with a warning. Nothing that the container does meanwhile leads the copy out of it.';
  static override examples = ['bulkhead copy web:/etc/hosts .', 'bulkhead cp site/. web:/srv/www'];
  static override usage = 'copy [FLAGS] SRC DST';
  static override aliases = ['cp'];
  static override args = {
    source: Args.string({ required: true, ignoreStdin: true, description: 'PATH, or CONTAINER:PATH' }),
    destination: Args.string({ required: true, ignoreStdin: true, description: 'PATH, or CONTAINER:PATH' }),
  };
  static override flags = { 'follow-link': Flags.boolean({ char: 'L', summary: 'Where SRC is a symbolic link: copy what it leads to' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Copy);
    const [source, destination] = [parsePlace(args.source), parsePlace(args.destination)];
    if ((source.container === undefined) === (destination.container === undefined))
      throw new Errors.CLIError('One of SRC and DST must be CONTAINER:PATH, and the other a path of this host');
    const containers = await this.open(flags).containers();
    await containers.copy(source, destination, { followLink: Boolean(flags['follow-link']) });
  }
}

/** As docker does: what begins with "/" or "." is a path, also where there is a colon in it. */
function parsePlace(text: string): { container?: string; path: string } {
  const [, container, path = ''] = /^([^/.:][^/:]*):(.*)$/s.exec(text) ?? [];
  if (container !== undefined) return { container, path: path === '' ? '/' : path };
  return { path: text.startsWith('/') ? text : `${process.cwd()}/${text}` };
}
