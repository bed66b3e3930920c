import assert from 'node:assert/strict';
import { configFields, type ConfigChanges, type Permissions } from '@bulkhead/plugin-sdk/contract';
import type { BulkheadError } from '#base/errors.js';
import { applyChanges, startOwnership, type OwnedConfig } from '../../src/wiring/config-changes.js';
import { buildConfig } from '../helpers/compartment.js';

const all: Permissions = { config: [...configFields] };

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
    ['whether a variable is there', { env: { PATH: null } }, { env: { PATH: '/x' } }, 'env.PATH'],
    ['a resource limit', { rlimits: { core: { soft: 0, hard: 0 } } }, { rlimits: { core: { soft: 0, hard: 1 } } }, 'rlimits.core'],
    ['a capability', { capabilities: { kill: true } }, { capabilities: { kill: false } }, 'capabilities.kill'],
    ['a device', { devices: [{ path: '/dev/a' }] }, { devices: [{ path: '/dev/b', destination: '/dev/a' }] }, 'devices./dev/a'],
    ['the user', { user: { uid: 1, gid: 1 } }, { user: { uid: 2, gid: 1 } }, 'user'],
    ['a name server', { dns: { servers: ['10.0.0.1'] } }, { dns: { servers: ['10.0.0.2'] } }, 'dns.servers'],
    ['the home', { home: { type: 'none' } }, { home: { type: 'tmpfs', destination: '/h' } }, 'home'],
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
    { image: 'x:' },
    { home: { type: 'none' } },
    { workdir: '/w' },
    { rootSizeBytes: 4096 },
    { umask: 0 },
    { rlimits: {} },
    { user: { uid: 0, gid: 0 } },
    { capabilities: {} },
    { network: 'none' },
    { dns: {} },
    { hosts: {} },
    { namespaces: {} },
    { devices: [] },
    { cdi: [] },
    { limits: {} },
  ] satisfies ConfigChanges[]) {
    const field = Object.keys(changes)[0] ?? '';
    it(`are refused where ${field} was not granted`, () => {
      const others = (all.config ?? []).filter((name) => name !== field);
      assert.throws(() => apply(['a', changes, { config: others }]), refusedWith('CONFIG_FIELD_NOT_GRANTED'));
      assert.throws(() => apply(['a', changes, {}]), refusedWith('CONFIG_FIELD_NOT_GRANTED'));
    });
  }

  it('add entries to lists and records, and remove a variable that is null', () => {
    const { config } = apply(
      ['a', { rlimits: { core: { soft: 0, hard: 0 } }, cdi: ['v.com/c=a'], env: { PATH: null, A: '1' }, limits: { pids: 5 } }],
      ['b', { rlimits: { nofile: { soft: 1, hard: 2 } }, cdi: ['v.com/c=a', 'v.com/c=b'], limits: { cpus: 1 } }],
    );
    assert.deepEqual(config.rlimits, { core: { soft: 0, hard: 0 }, nofile: { soft: 1, hard: 2 } });
    assert.deepEqual([config.cdi, config.env, config.limits], [['v.com/c=a', 'v.com/c=b'], { A: '1' }, { pids: 5, cpus: 1 }]);
  });

  it('replace what another plugin set where the operator put it later, and say so', () => {
    const first = applyChanges(startOwnership(buildConfig()), { umask: 1, env: { A: 'a' } }, 'first', { grants: all });
    const rules = { grants: all, mayReplace: (one: string) => one === 'first' };
    const { config, owners, history } = applyChanges(first, { umask: 2, env: { A: 'a' } }, 'second', rules);
    assert.deepEqual([config.umask, owners.get('umask'), owners.get('env.A')], [2, 'second', 'first']);
    assert.deepEqual(history.at(-1), { plugin: 'second', changes: [{ field: 'umask', before: 1, after: 2, replaces: 'first' }] });
    assert.throws(() => applyChanges(first, { umask: 2 }, 'second', { grants: all }), refusedWith('CONFIG_FIELD_CONFLICT'));
  });

  it('keep a variable named __proto__ a variable', () => {
    const { config } = apply(['a', { env: JSON.parse('{"__proto__": "x"}') as Record<string, string> }]);
    assert.equal(Object.getPrototypeOf(config.env), Object.prototype);
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
  });
});
