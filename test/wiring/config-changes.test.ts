import assert from 'node:assert/strict';
import type { ConfigChanges, Permissions } from '@bulkhead/plugin-sdk/contract';
import type { BulkheadError } from '#base/errors.js';
import { applyChanges, startOwnership, type OwnedConfig } from '../../src/wiring/config-changes.js';
import { buildConfig } from '../helpers/compartment.js';

const all: Permissions = { config: ['mounts', 'env', 'command', 'hostname', 'workingDirectory', 'readOnly'] };

function apply(...answers: readonly (readonly [plugin: string, changes: ConfigChanges, grants?: Permissions])[]): OwnedConfig {
  return answers.reduce(
    (owned, [plugin, changes, grants = all]) => applyChanges(owned, changes, plugin, { grants }),
    startOwnership(buildConfig()),
  );
}
const bind = (destination: string, source = '/a') => ({ type: 'bind', source, destination }) as const;
const refusedWith = (code: string) => (error: BulkheadError) => error.code === code;

describe('the changes of plugins to a configuration', () => {
  it('are added to mounts and environment, and replace the rest', () => {
    const { config } = apply(
      ['a', { env: { A: '1' }, mounts: [bind('/a')] }],
      ['b', { env: { B: '2' }, mounts: [bind('/b')], hostname: 'h', readOnly: true }],
    );
    assert.deepEqual(
      config,
      buildConfig({ env: { PATH: '/bin', A: '1', B: '2' }, mounts: [bind('/a'), bind('/b')], hostname: 'h', readOnly: true }),
    );
  });

  it('may replace what the user or a default set', () => {
    assert.equal(apply(['a', { env: { PATH: '/usr/bin' } }]).config.env['PATH'], '/usr/bin');
  });

  it('may agree', () => {
    assert.equal(
      apply(
        ['a', { hostname: 'h', env: { A: '1' }, mounts: [bind('/a')] }],
        ['b', { hostname: 'h', env: { A: '1' }, mounts: [bind('/a')] }],
      ).config.hostname,
      'h',
    );
  });

  for (const [title, first, second, field] of [
    ['a variable', { env: { A: '1' } }, { env: { A: '2' } }, 'env.A'],
    ['a destination', { mounts: [bind('/a')] }, { mounts: [bind('/a', '/b')] }, 'mounts./a'],
    ['the host name', { hostname: 'one' }, { hostname: 'two' }, 'hostname'],
    ['the command', { command: ['a'] }, { command: ['b'] }, 'command'],
  ] as const) {
    it(`are refused where two plugins disagree on ${title}; the error names both`, () => {
      assert.throws(
        () => apply(['first', structuredClone(first) as ConfigChanges], ['second', structuredClone(second) as ConfigChanges]),
        (error: BulkheadError) => {
          assert.equal(error.code, 'CONFIG_FIELD_CONFLICT');
          assert.deepEqual(error.data, { field, plugins: ['first', 'second'] });
          return true;
        },
      );
    });
  }

  for (const changes of [
    { mounts: [bind('/a')] },
    { env: { A: '1' } },
    { command: ['x'] },
    { hostname: 'h' },
    { workingDirectory: '/' },
    { readOnly: true },
  ] satisfies ConfigChanges[]) {
    const field = Object.keys(changes)[0] ?? '';
    it(`are refused where ${field} was not granted`, () => {
      const others = (all.config ?? []).filter((name) => name !== field);
      assert.throws(() => apply(['a', changes, { config: others }]), refusedWith('CONFIG_FIELD_NOT_GRANTED'));
      assert.throws(() => apply(['a', changes, {}]), refusedWith('CONFIG_FIELD_NOT_GRANTED'));
    });
  }

  it('keep a variable named __proto__ a variable', () => {
    const { config } = apply(['a', { env: JSON.parse('{"__proto__": "x"}') as Record<string, string> }]);
    assert.equal(Object.getPrototypeOf(config.env), Object.prototype);
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
  });
});
