import { Args } from '@oclif/core';
import { BulkheadCommand } from '../base-command.js';
import { completionScripts } from '../output/completion-scripts.js';

export default class Completion extends BulkheadCommand {
  static override summary = 'Print a script that completes command lines in your shell';
  static override description =
    'The script asks bulkhead for each completion, so that the commands and flags of plugins are in it as soon as they are installed. No code of a plugin runs.';
  static override examples = [
    'source <(bulkhead completion bash)',
    'bulkhead completion zsh > "${fpath[1]}/_bulkhead"',
    'bulkhead completion fish > ~/.config/fish/completions/bulkhead.fish',
  ];
  static override args = {
    shell: Args.string({ required: true, ignoreStdin: true, options: Object.keys(completionScripts), description: 'whose script' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    process.stdout.write(completionScripts[args.shell as keyof typeof completionScripts]);
  }
}
