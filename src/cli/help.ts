import { CommandHelp, Help, type Command, type Interfaces } from '@oclif/core';

/**
 * oclif's help takes every text for an EJS template, some of them twice, and EJS runs what stands in `<% … %>` as JavaScript, here
 * in the host. Summaries of plugins are such texts. Ours are plain, so that nothing is rendered at all.
 */
const plain = (text: string): string => text;

class PlainCommandHelp extends CommandHelp {
  constructor(command: Command.Loadable, config: Interfaces.Config, options: Interfaces.HelpOptions) {
    super(command, config, options);
    this.render = plain;
  }

  /** `$ bulkhead plugin inspect [FLAGS] PLUGIN`; each flag stands below with what it means. */
  protected override usage(): string {
    const { id, usage, args } = this.command;
    const words = Object.values(args).map((arg) => this.arg(arg));
    const lines = usage === undefined ? [[id.replaceAll(':', ' '), '[FLAGS]', ...words].join(' ')] : [usage].flat();
    return lines.map((line) => this.wrap(`$ ${this.config.bin} ${line}`)).join('\n');
  }
}

export default class PlainHelp extends Help {
  protected override CommandHelpClass = PlainCommandHelp;

  constructor(config: Interfaces.Config, options?: Partial<Interfaces.HelpOptions>) {
    super(config, options);
    this.render = plain;
  }
}
