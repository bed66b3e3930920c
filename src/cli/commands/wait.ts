import { argumentsOf } from '../arguments.js';
import { BulkheadCommand } from '../base-command.js';
import { containerArgs, forEachContainer } from '../each-container.js';

export default class Wait extends BulkheadCommand {
  static override summary = 'Wait for the end of containers, and print their exit codes';
  static override description =
    'Prints one line for each container, in the order in which they are named. One that was removed before its exit code could be read is an error; one that removes itself leaves it to those who wait.';
  static override examples = ['bulkhead wait job'];
  static override usage = 'wait CONTAINER...';
  static override strict = false;
  static override args = containerArgs;

  async run(): Promise<void> {
    const { flags, raw } = await this.parse(Wait);
    const containers = await this.open(flags).containers();
    await forEachContainer(
      argumentsOf(raw),
      async (name) => String(await containers.wait(name)),
      (line) => this.say(line),
    );
  }
}
