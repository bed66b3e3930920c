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
}

export default class PlainHelp extends Help {
  protected override CommandHelpClass = PlainCommandHelp;

  constructor(config: Interfaces.Config, options?: Partial<Interfaces.HelpOptions>) {
    super(config, options);
    this.render = plain;
  }
}
