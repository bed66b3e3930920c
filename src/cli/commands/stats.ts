import { Flags } from '@oclif/core';
import { argumentsOf } from '../arguments.js';
import { BulkheadCommand } from '../base-command.js';
import { containerArgs } from '../each-container.js';
import { describeStats } from '../output/containers.js';
import type { ContainerStats } from '#wiring/wiring.js';

export default class Stats extends BulkheadCommand {
  static override summary = 'Show what running containers use: processor, memory, processes, disks';
  static override description =
    'Of all your containers, or of those that are named; once a second, until it is interrupted. At a terminal the table is drawn anew in its place. Memory is what is resident; what processes share counts for each of them. Read and written is what went from and to disks since it began.';
  static override examples = ['bulkhead stats', 'bulkhead stats --no-stream web', 'bulkhead stats --json'];
  static override usage = 'stats [FLAGS] [CONTAINER...]';
  static override strict = false;
  static override args = { container: { ...containerArgs.container, required: false } };
  static override flags = {
    'no-stream': Flags.boolean({ summary: 'Look once' }),
    json: Flags.boolean({ summary: 'Print a line of JSON each time; with --no-stream one value' }),
  };

  async run(): Promise<void> {
    const { flags, raw } = await this.parse(Stats);
    const containers = await this.open(flags).containers();
    let lines = 0;
    for await (const stats of containers.stats(argumentsOf(raw))) {
      if (flags.json) this.printJson(stats, flags['no-stream']);
      else lines = this.draw(stats, lines);
      if (flags['no-stream']) return;
    }
  }

  private printJson(stats: readonly ContainerStats[], isOnly: boolean): void {
    if (isOnly) this.logJson(stats);
    else this.say(JSON.stringify(stats));
  }

  /** In place of the table that was drawn before, of so many lines; answers with how many it has now. */
  private draw(stats: readonly ContainerStats[], linesBefore: number): number {
    const lines = describeStats(stats);
    if (process.stdout.isTTY && linesBefore > 0) process.stdout.write(`\u001b[${linesBefore}A\r\u001b[J`);
    for (const line of lines) this.say(line);
    return lines.length;
  }
}
