import assert from 'node:assert/strict';
import { openCatalog, setEnabled } from '#catalog/catalog.js';
import type { PackageChanges } from '../package/builder.js';
import { install, openPlace, optionsFor, uid, type TestPlace } from './builder.js';

const reserved = {
  reservedFlags: { run: ['--bind', '-B'] },
  reservedEnvironment: ['DEBUG'],
  reservedSchemes: ['oci'],
  reservedRuntimes: ['crun'],
  reservedNetworks: ['cni'],
};
const flag = { type: 'boolean' } as const;
const add = (flags: PackageChanges['flags']): PackageChanges => ({ flags: flags ?? {}, callbacks: ['beforeCommand'] });
const command = (name: string, more: object = {}): PackageChanges => ({ commands: { [name]: { summary: '', ...more } } });

describe('what two cannot share', () => {
  let place: TestPlace;
  beforeEach(async () => (place = await openPlace()));
  afterEach(() => place.remove());

  const pairs: [string, PackageChanges, PackageChanges, RegExp][] = [
    ['a command', command('scratch'), command('scratch'), /adds the command "scratch", as/],
    [
      'the beginning of a command',
      command('scratch list'),
      command('scratch'),
      /adds the command "scratch", which overlaps "scratch list"/,
    ],
    [
      'a command that begins with another',
      command('scratch'),
      command('scratch list'),
      /adds the command "scratch list", which overlaps "scratch"/,
    ],
    ['an alias and a command', command('one', { aliases: ['two'] }), command('two'), /adds the command "two"/],
    ['a flag', add({ run: { trace: flag } }), add({ run: { trace: flag } }), /adds the flag "--trace" to "run", as/],
    [
      'a letter',
      add({ run: { trace: { ...flag, short: 't' } } }),
      add({ run: { time: { ...flag, short: 't' } } }),
      /adds the flag "-t" to "run", as/,
    ],
    [
      'an environment variable',
      add({ run: { trace: { ...flag, env: 'TRACE' } } }),
      command('x', { flags: { trace: { ...flag, env: 'TRACE' } } }),
      /adds the environment variable BULKHEAD_TRACE, as/,
    ],
    ['a runtime', { runtimes: ['sandboxd'] }, { runtimes: ['sandboxd'] }, /adds the runtime "sandboxd", as/],
    ['a network', { networks: ['lan'] }, { networks: ['lan'] }, /adds the network plugin "lan", as/],
    ['an image scheme', { imageSchemes: ['host'] }, { imageSchemes: ['host'] }, /adds the image scheme "host:", as/],
  ];
  for (const [what, one, other, message] of pairs) {
    it(`${what} is refused at install and at enable, by name (apptainer 57, 116)`, async () => {
      await install(place, { name: 'first', ...one }, reserved);
      const refusal = { code: 'PLUGIN_CONFLICT', message, hint: 'bulkhead plugin disable first' };
      await assert.rejects(install(place, { name: 'second', ...other }, reserved), refusal);
      const options = { ...optionsFor(place), ...reserved };
      await setEnabled('first', false, options);
      await install(place, { name: 'second', ...other }, reserved);
      await assert.rejects(setEnabled('first', true, options), {
        code: 'PLUGIN_CONFLICT',
        message: /plugin "first" adds .* as the enabled plugin "second" does/,
      });
    });
  }

  const owned: [string, PackageChanges, string, RegExp][] = [
    ['a command', command('run'), 'PLUGIN_COMMAND_RESERVED', /"run" is a command of bulkhead itself/],
    ['an alias', command('mine', { aliases: ['run it'] }), 'PLUGIN_COMMAND_RESERVED', /adds the command "run it"/],
    ['a flag', add({ run: { bind: flag } }), 'PLUGIN_FLAG_RESERVED', /adds the flag "--bind" to "run", which belongs to bulkhead itself/],
    ['a letter', add({ run: { block: { ...flag, short: 'B' } } }), 'PLUGIN_FLAG_RESERVED', /adds the flag "-B" to "run"/],
    ['an environment variable', add({ run: { mine: { ...flag, env: 'DEBUG' } } }), 'PLUGIN_FLAG_RESERVED', /BULKHEAD_DEBUG/],
    [
      'an image scheme',
      { imageSchemes: ['oci'] },
      'PLUGIN_FLAG_RESERVED',
      /adds the image scheme "oci:", which belongs to bulkhead itself/,
    ],
    ['a runtime', { runtimes: ['crun'] }, 'PLUGIN_FLAG_RESERVED', /adds the runtime "crun", which belongs to bulkhead itself/],
    ['a network', { networks: ['cni'] }, 'PLUGIN_FLAG_RESERVED', /adds the network plugin "cni", which belongs to bulkhead itself/],
  ];
  for (const [what, plugin, code, message] of owned) {
    it(`${what} of bulkhead itself is no plugin's`, async () => {
      await assert.rejects(install(place, plugin, reserved), { code, message });
    });
  }

  it('flags and hooks go to the commands that take them, and to no other (apptainer 60)', async () => {
    const message = /wants to take part in the command "plugin list", and plugins may do so in "run" alone/;
    await assert.rejects(install(place, add({ 'plugin list': { mine: flag } }), reserved), { code: 'PLUGIN_COMMAND_CLOSED', message });
    await assert.rejects(install(place, { hooks: ['plugin list'], callbacks: ['afterCommand'] }, reserved), {
      code: 'PLUGIN_COMMAND_CLOSED',
      message,
    });
  });

  it('a plugin of another directory that wants the same is a problem by name, and hides nothing else', async () => {
    await install(place, { name: 'first', ...command('scratch') });
    const elsewhere = { place: { directories: [place.system], uid }, directory: place.system };
    await install(place, { name: 'second', commands: { scratch: { summary: '' }, other: { summary: '' } } }, elsewhere);
    await install(place, { name: 'third', ...command('third') }, elsewhere);
    const { installations, problems } = await openCatalog({ directories: [place.user, place.system], uid });
    assert.equal(installations.length, 3);
    assert.deepEqual(
      problems.map(({ kind, name, reason }) => [kind, name, reason]),
      [['conflict', 'second', 'plugin "second" adds the command "scratch", as the enabled plugin "first" does, and that one answers']],
    );
  });
});
