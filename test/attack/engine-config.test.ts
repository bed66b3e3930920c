import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { callbacks } from '@bulkhead/plugin-sdk/contract';
import type { BulkheadError } from '#base/errors.js';
import { readCdiEdits } from '#engine/cdi.js';
import { addUser } from '#engine/mounts/generated-files.js';
import { describeForEach } from '../engine/fixtures/each-who.js';

/** What a hostile plugin, or whoever writes a file that the engine reads, answers to get more than a field of a configuration. */
describe('an answer of engineConfig', () => {
  const { output } = callbacks.engineConfig;
  const hostile: [string, unknown][] = [
    ['a field that is none', { runtime: '/bin/sh' }],
    ['a destination with ".."', { mounts: [{ type: 'tmpfs', destination: '/a/../proc' }] }],
    ['an option of mount(8) of its own', { mounts: [{ type: 'bind', source: '/a', destination: '/b', options: ['suid'] }] }],
    ['an option with a comma', { mounts: [{ type: 'bind', source: '/a', destination: '/b', options: ['nodev,suid'] }] }],
    ['a name with a line break', { hosts: { 'a\n10.0.0.1 bank': '10.0.0.1' } }],
    ['an address with a line break', { hosts: { a: '10.0.0.1\n10.0.0.2 bank' } }],
    ['a name server with a line break', { dns: { servers: ['10.0.0.1\noptions x'] } }],
    ['a domain with a line break', { dns: { search: ['a\nnameserver 10.6.6.6'] } }],
    ['a limit that is an option', { rlimits: { 'nofile=1 --pid': { soft: 1, hard: 1 } } }],
    ['a limit with text', { rlimits: { nofile: { soft: '1 --pid=1', hard: 1 } } }],
    ['a capability that is an option', { capabilities: { 'kill,+sys_admin': true } }],
    ['a umask that is a command', { umask: '022; id' }],
    ['a umask that is negative', { umask: -1 }],
    ['a uid that wraps around', { user: { uid: 4_294_967_295, gid: 0 } }],
    ['a uid with a fraction', { user: { uid: 0.5, gid: 0 } }],
    ['a network by path', { network: '/proc/1/ns/net' }],
    ['the host’s processes', { namespaces: { pid: 'host' } }],
    ['a device with ".."', { devices: [{ path: '/dev/../etc/shadow' }] }],
    ['a CDI device that is a path', { cdi: ['../../etc/shadow=x'] }],
    ['a limit of nothing', { limits: { memoryBytes: 0 } }],
    ['a limit that is no number', { limits: { cpus: Number.NaN } }],
    ['data deeper than it may be', { data: { a: [[[['x']]]] } }],
    ['data with a function', { data: { a: () => 1 } }],
    ['data that is infinite', { data: { a: Infinity } }],
    ['data with too many entries', { data: Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`k${index}`, 1])) }],
  ];
  for (const [what, answer] of hostile) {
    it(`with ${what} is refused`, () => assert.equal(v.safeParse(output, answer).success, false));
  }

  it('that is honest passes', () => {
    const honest = {
      mounts: [{ type: 'bind', source: '/a', destination: '/b', options: ['nosuid', 'noexec'] }],
      hosts: { 'db.example.com': '10.0.0.1', six: 'fd00::1' },
      dns: { servers: ['fd00::53'], search: ['example.com'], options: ['ndots:2'] },
      rlimits: { nofile: { soft: 1, hard: 'unlimited' } },
      capabilities: { all: false, kill: true },
      user: { uid: 4_294_967_294, gid: 0 },
      cdi: ['vendor.com/gpu=0'],
      data: { a: [{ b: [1, null] }] },
    };
    assert.deepEqual(v.parse(output, honest), honest);
  });
});

describeForEach('a HOME with line breaks', (lab) => {
  it('makes no user of its own in /etc/passwd', async () => {
    const passwd = join(lab().image, 'etc/passwd');
    await writeFile(passwd, 'daemon:x:1:1::/:/bin/sh\n');
    const env = ['HOME=/h:/bin/sh\nevil:x:0:0::/:/bin/sh'];
    const { stdout, stderr } = await lab().run({ env, command: ['cat', '/etc/passwd'] });
    await rm(passwd);
    assert.match(stdout, /^daemon:x:1:1::\/:\/bin\/sh\n[a-z][\w-]*:x:\d+:\d+::\/:\/bin\/sh\n$/, stderr);
  });
});

describe('a users file that ends in the midst of a line', () => {
  it('gets a line of its own for the user', () => {
    assert.equal(addUser('a:x:1:1::/:/bin/sh', { name: 'a', uid: 7, gid: 7, home: '/h' }), 'a:x:1:1::/:/bin/sh\nuser7:x:7:7::/h:/bin/sh\n');
  });
});

describe('a device specification', () => {
  const read = async (text: string): Promise<unknown> => {
    const directory = await mkdtemp(join(tmpdir(), 'cdi-'));
    try {
      await writeFile(join(directory, 'a.json'), text, { mode: 0o644 });
      return await readCdiEdits(['v.com/c=a'], [directory]);
    } finally {
      await rm(directory, { recursive: true });
    }
  };
  const spec = (containerEdits: unknown) =>
    JSON.stringify({ cdiVersion: '0.6.0', kind: 'v.com/c', devices: [{ name: 'a', containerEdits }] });
  const cases: [string, string][] = [
    ['hooks', spec({ hooks: [{ hookName: 'prestart', path: '/bin/sh' }] })],
    ['groups', spec({ additionalGIDs: [0] })],
    ['a mount of another type', spec({ mounts: [{ hostPath: 'x', containerPath: '/x', type: 'proc' }] })],
    ['a mount with an option of its own', spec({ mounts: [{ hostPath: '/x', containerPath: '/x', options: ['suid'] }] })],
    ['a relative path', spec({ deviceNodes: [{ path: 'dev/x' }] })],
    ['a path with ".."', spec({ deviceNodes: [{ path: '/dev/../etc/shadow' }] })],
    ['a key that reaches a prototype', spec({}).replace('"name"', '"__proto__":{},"name"')],
    ['brackets without end', '['.repeat(100_000)],
    ['more than a MiB', ' '.repeat(1_048_577)],
  ];
  for (const [what, text] of cases) {
    it(`with ${what} is refused`, () => assert.rejects(read(text), (error: BulkheadError) => error.code === 'CDI_SPEC_INVALID'));
  }

  it('that is honest is read', async () => {
    assert.deepEqual(await read(spec({ env: ['A=b'], deviceNodes: [{ path: '/dev/null' }] })), {
      devices: [{ path: '/dev/null', destination: '/dev/null' }],
      mounts: [],
      env: { A: 'b' },
    });
  });
});
