import { BulkheadCommand } from '../../../base-command.js';

export default class PluginKeysList extends BulkheadCommand {
  static override summary = 'List the keys that are trusted to sign plugins, and those that were revoked';
  static override description = 'Keys of the system count for all plugins, your own for the plugins that you install for yourself.';
  static override examples = ['bulkhead plugin keys list'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['plugins:keys:list'];

  async run(): Promise<unknown> {
    const { flags } = await this.parse(PluginKeysList);
    const product = this.open(flags);
    const { keys, problems } = await product.keys.list();
    for (const problem of problems) product.log.write('warning', problem);
    if (keys.length === 0) this.log('There are no keys.');
    else this.log('STATE    OF      FINGERPRINT                                         ALGORITHM    NAME');
    for (const { state, scope, fingerprint, algorithm, name } of keys)
      this.say(`${state.padEnd(7)}  ${scope.padEnd(6)}  ${fingerprint}  ${algorithm.padEnd(11)}  ${name}`);
    return { keys, problems };
  }
}
