import assert from 'node:assert/strict';
import { openTestPlugin, type TestPlugin } from '@bulkhead/plugin-sdk/testing';
import { after, before, describe, it } from 'mocha';

/** The plugin runs in a real compartment, as it will when it is installed. */
describe('example.com/template', () => {
  let plugin: TestPlugin;
  before(async () => (plugin = await openTestPlugin(import.meta.dirname, { env: { USER: 'ann' } })));
  after(() => plugin.close());

  it('says hello to the user, or to whom it is told', async () => {
    assert.deepEqual(await plugin.command('hello-template'), { exitCode: 0, output: 'Hello, ann\n' });
    assert.equal((await plugin.command('hello-template', ['bob'], { loud: true })).output, 'HELLO, BOB!\n');
  });

  it('asks for no more than it needs', () => {
    assert.deepEqual(plugin.description.permissions, { config: ['env'], env: ['USER'] });
  });
});
