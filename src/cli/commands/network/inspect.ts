import { Args } from '@oclif/core';
import { argumentsOf } from '../../arguments.js';
import { BulkheadCommand } from '../../base-command.js';

export default class NetworkInspect extends BulkheadCommand {
  static override summary = 'Show networks as JSON';
  static override description =
    'What they were made with, which containers name them, and which are in them now, with their addresses. What is not as it was made any more is said.';
  static override examples = ['bulkhead network inspect web'];
  static override usage = 'network inspect [FLAGS] NAME...';
  static override strict = false;
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: 'name of a network' }) };

  async run(): Promise<void> {
    const { flags, raw } = await this.parse(NetworkInspect);
    const networks = await this.open(flags).networks();
    const described = [];
    for (const name of argumentsOf(raw)) described.push(await networks.inspect(name));
    this.logJson(described);
  }
}
