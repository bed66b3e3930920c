/** What a driver can answer, and what comes of it: nothing is shown that was not granted, and nothing is left. */
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openCli, type Cli, type Outcome } from '../helpers/cli.js';
import { needUserNamespaces } from '../helpers/need.js';
import { writeConfig } from '../helpers/policy.js';
import { installSource } from '../helpers/source.js';

describe('a hostile driver', function () {
  // Each compiles and installs a plugin, some more than one.
  let cli: Cli;
  beforeEach(async () => (cli = await openCli()));
  afterEach(() => cli.close());

  /** Runs `true` on an image of a driver that answers so. */
  async function run(answer: string, { more = '', permissions = '{}', command = ['true'] } = {}): Promise<Outcome> {
    const members = `imageSchemes: ['evil'], permissions: ${permissions}, callbacks: { registerImageDriver() { return ${answer}; }, ${more} }`;
    await installSource(cli, members, { name: 'test/evil', flags: ['--isolation', 'thread'] });
    return cli.run('run', 'evil:x', ...command);
  }

  async function assertRefused({ exitCode, stderr }: Outcome, why: RegExp): Promise<void> {
    assert.equal(exitCode, 255, stderr);
    assert.match(stderr, why);
    const system = cli.env['BULKHEAD_ROOT'] ?? '';
    const places =
      process.getuid?.() === 0
        ? [join(system, 'run/bulkhead'), join(system, 'var/lib/bulkhead/images')]
        : [join(cli.env['XDG_RUNTIME_DIR'] ?? '', 'bulkhead'), join(cli.env['HOME'] ?? '', '.local/state/bulkhead/images')];
    for (const place of places) assert.deepEqual(await readdir(place).catch(() => []), [], place);
    assert.ok(!(await readFile('/proc/self/mountinfo', 'utf8')).includes(cli.root), 'a mount is left');
  }

  it('shows nothing of the host that it was not granted', async () => {
    const plan = (source: string): string => `{ mounts: [{ type: 'bind', source: '${source}', destination: '/x' }] }`;
    const permissions = `{ mount: ['/usr'] }`;
    await assertRefused(await run(plan('/etc'), { permissions }), /"test\/evil" says: it was not granted mount:\/etc/);
  });

  it('shows nothing else by a link in what it was granted, nor by /proc', async () => {
    const own = join(cli.root, 'own');
    await mkdir(own);
    await symlink('/etc', join(own, 'link'));
    const plan = (source: string): string => `{ mounts: [{ type: 'bind', source: '${source}', destination: '/x' }] }`;
    await assertRefused(await run(plan(`${own}/link`), { permissions: `{ mount: ['${own}'] }` }), /was not granted mount:/);
    const root = await run(plan('/proc/self/root/etc'), { permissions: `{ mount: ['${own}', '/proc/self/root/usr'] }` });
    await assertRefused(root, /was not granted mount:\/proc\/self\/root\/etc/);
  });

  it('mounts nothing over /proc, /sys or /dev', async function () {
    needUserNamespaces(this);
    for (const destination of ['/proc', '/sys/fs', '/dev']) {
      const plan = `{ mounts: [{ type: 'tmpfs', destination: '${destination}' }] }`;
      await assertRefused(await run(plan), /Cannot mount at \/(?:proc|sys|dev)/);
    }
  });

  it('shows no directory, and runs no program, that it was not granted', async () => {
    await assertRefused(await run(`{ type: 'directory', path: '/' }`), /not granted mount:\//);
    await assertRefused(await run(`{ type: 'program', program: '/usr/bin/env', args: ['{target}'] }`), /not granted exec:\/usr\/bin\/env/);
  });

  it('runs no program that somebody else could have put there, or that gives rights away', async function () {
    const program = join(cli.root, 'program');
    await writeFile(program, '#!/bin/sh\n', { mode: 0o777 });
    for (const mode of [0o777, 0o4755]) {
      await chmod(program, mode);
      const outcome = await run(`{ type: 'program', program: '${program}', args: ['{target}'] }`, {
        permissions: `{ exec: ['${program}'] }`,
      });
      await assertRefused(outcome, /IMAGE_DRIVER_REFUSED|says: Cannot /);
    }
  });

  const stream = (more = ''): string => `{ type: 'stream', format: 'tar', handle: 'h'${more} }`;
  const streams: [string, string, string, RegExp][] = [
    [
      'never ends',
      stream(),
      `readImage() { return { bytes: new Uint8Array(1048576), last: false }; }`,
      /its stream has more than 2097152 bytes/,
    ],
    [
      'is empty and goes on',
      stream(),
      `readImage() { return { bytes: new Uint8Array(0), last: false }; }`,
      /its part at byte 0 is empty, and not the last/,
    ],
    ['stalls', stream(), `readImage() { return new Promise(() => undefined); }`, /readImage did not answer within 1500 ms/],
    ['spins', stream(), `readImage() { for (;;); }`, /readImage did not answer within 1500 ms/],
    [
      'lies about its size',
      stream(', sizeBytes: 10'),
      `readImage() { return { bytes: new Uint8Array(11), last: true }; }`,
      /said 10 bytes, and sent more/,
    ],
    [
      'comes in parts that are too large',
      stream(),
      `readImage() { return { bytes: new Uint8Array(1048577), last: true }; }`,
      /test\/evil"/,
    ],
    [
      'is no bytes',
      stream(),
      `readImage() { return { bytes: 'text', last: true }; }`,
      /answer of plugin "test\/evil" to readImage: bytes must be a Uint8Array/,
    ],
    ['is a list of numbers', stream(), `readImage() { return { bytes: [1, 2, 3], last: true }; }`, /bytes must be a Uint8Array/],
    ['throws', stream(), `readImage() { throw new Error('no more'); }`, /no more/],
    ['cannot be read', stream(), '', /has no callback readImage/],
    ['crashes', stream(), `readImage() { const all = []; for (;;) all.push(new Array(1000).fill({})); }`, /test\/evil"/],
  ];
  for (const [what, answer, more, why] of streams) {
    it(`ends the run, and leaves nothing, by a stream that ${what}`, async () => {
      await writeConfig(cli, '[budgets."test/evil"]\nimage-stream-mib = 2\ndeadline-max-ms = 1500\n');
      await assertRefused(await run(answer, { more }), why);
    });
  }

  it('is told of start, error and stop, in this order, also where it fails', async () => {
    const more = `imageDriverEvent({ event }, host) { host.log.warning(event.type); }, readImage() { throw new Error('no'); }`;
    const { exitCode, stderr } = await run(stream(), { more });
    assert.equal(exitCode, 255);
    const told = [...stderr.matchAll(/\[test\/evil\] (\w+)/g)].map(([, type]) => type);
    assert.deepEqual(told, ['start', 'error', 'stop']);
  });

  it('that does not start is no driver, and still told of the end', async () => {
    const more = `imageDriverEvent({ event }, host) { host.log.warning(event.type); throw new Error('not today'); }`;
    const { exitCode, stderr } = await run(stream(), { more });
    assert.equal(exitCode, 255);
    assert.match(stderr, /FATAL: +failed to start driver: .*not today/);
    assert.match(stderr, /while stopping driver for evil:x: .*not today/);
  });
});

describe('image-driver in bulkhead.toml', () => {
  let cli: Cli;
  beforeEach(async () => (cli = await openCli()));
  afterEach(() => cli.close());

  it('names a plugin without which no container starts (apptainer 106)', async () => {
    await writeConfig(cli, 'image-driver = "test/driver"\n');
    const missing = await cli.run('run', './x', 'true');
    assert.equal(missing.exitCode, 255);
    assert.match(missing.stderr, /"test\/driver": no such image driver/);
    await installSource(cli, `callbacks: { engineConfig() {} }`, { name: 'test/driver' });
    assert.match((await cli.run('run', './x', 'true')).stderr, /"test\/driver": no such image driver/);
  });

  it('is not needed to keep two drivers apart: the second with a feature is refused when it is installed', async () => {
    const driver = `imageFeatures: ['squashfs'], callbacks: { mountImage() { return { type: 'kernel' }; } }`;
    await installSource(cli, driver, { name: 'test/one' });
    await assert.rejects(
      installSource(cli, driver, { name: 'test/two' }),
      /adds the image feature squashfs, as the enabled plugin "test\/one" does/,
    );
  });
});
