/** Ways around the operator's policy and the grants; each with a twin that must work. */
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCatalog } from '#catalog/catalog.js';
import { findPermissionDenial, findPluginDenial, type Policy } from '../../src/wiring/policy.js';
import { readSettings } from '../../src/wiring/settings.js';
import { install, openPlace, uid, type TestPlace } from '../catalog/builder.js';
import { cpuMs } from '../helpers/cpu.js';

describe('the policy file of an operator who trusts a pattern', () => {
  let directory: string;
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'bulkhead-policy-'))));
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function readRule(rule: Record<string, string>) {
    const file = join(directory, 'bulkhead.toml');
    const lines = Object.entries(rule).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
    await writeFile(file, `[[policy.deny]]\n${lines.join('')}`);
    await chmod(file, 0o644);
    return (await readSettings(file, uid)).policy;
  }

  describe('is refused a pattern that could never fit, instead of being left with a rule that never holds', () => {
    for (const plugin of [
      '*',
      '../evil',
      'example.com/..',
      '/example.com/a',
      'example.com//a',
      'example.com/',
      'example.com/**/a',
      'a***',
      '',
      'a b',
      'é/a',
      'a\\b',
    ]) {
      it(`as a plugin: ${JSON.stringify(plugin)}`, () => assert.rejects(readRule({ plugin }), { code: 'CONFIG_FILE_INVALID' }));
    }
    for (const permission of [
      'readFile:etc',
      'readFile:/etc/',
      'readFile:/etc/../root',
      'readFile://etc',
      'readFile:/./etc',
      'readFile:/*/../etc',
      'readFile:',
      'readfile:/etc',
      'env:A=B',
      'env:A B',
      'exec:git',
      'fetch:https://example.com/path',
      'fetch:Example.com',
      'config:mount',
      'config:mo*',
      'toString:x',
      '__proto__',
      'constructor:*',
      '*',
      '',
    ]) {
      it(`as a permission: ${JSON.stringify(permission)}`, () => assert.rejects(readRule({ permission }), { code: 'CONFIG_FILE_INVALID' }));
    }
  });

  describe('and its twin is taken', () => {
    for (const plugin of ['**', 'a', 'example.com/*', 'example.com/**', '*.com/a-*-b']) {
      it(`as a plugin: ${plugin}`, async () => assert.deepEqual((await readRule({ plugin })).deny, [{ plugin }]));
    }
    for (const permission of [
      'readFile',
      'readFile:*',
      'readFile:/',
      'readFile:/etc',
      'readFile:/home/*/.ssh',
      'readFile:/a*',
      'exec:/usr/bin/*',
      'fetch:*.example.com',
      'fetch:example.com:*',
      'env:*_TOKEN',
      'config:mounts',
      'config:*',
    ]) {
      it(`as a permission: ${permission}`, async () => assert.deepEqual((await readRule({ permission })).deny, [{ permission }]));
    }
  });

  it('denies a grant of the directory above a denied file, which would reach it, and not one beside it', async () => {
    const policy = await readRule({ permission: 'readFile:/etc/shadow' });
    for (const path of ['/', '/etc', '/etc/shadow', '/etc/shadow/x'])
      assert.ok(findPermissionDenial(policy, 'a', `readFile:${path}`), path);
    for (const path of ['/etc/shadow-', '/etc/shado', '/data', '/etcetera'])
      assert.equal(findPermissionDenial(policy, 'a', `readFile:${path}`), undefined);
  });

  describe('meets what a path leads to, not only how it is written', () => {
    let real: string;
    let link: string;
    beforeEach(async () => {
      await mkdir(join(directory, 'real/secret'), { recursive: true });
      real = await realpath(join(directory, 'real'));
      link = join(await realpath(directory), 'link');
      await symlink(real, link);
    });
    const isDenied = async (rule: string, path: string) =>
      findPermissionDenial(await readRule({ permission: `readFile:${rule}` }), 'a', `readFile:${path}`) !== undefined;

    it('where a grant goes through a link', async () => {
      assert.ok(await isDenied(`${real}/secret`, `${link}/secret`));
      assert.ok(await isDenied(`${real}/secret`, link));
      assert.ok(await isDenied(`${real}/secret`, `/proc/self/root${real}/secret/key`));
      assert.ok(await isDenied(`${real}/new`, `${link}/new/not-yet-there`));
      assert.ok(!(await isDenied(`${real}/secret`, `${link}/public`)));
    });

    it('where the rule does', async () => {
      assert.ok(await isDenied(`${link}/secret`, `${real}/secret/key`));
      assert.ok(await isDenied(`${link}/sec*`, `${real}/secret`));
      assert.ok(!(await isDenied(`${link}/sec*`, `${real}/public`)));
    });

    it('and allows what lies in what is allowed, not what only says so', async () => {
      const allow = (path: string): Policy => ({
        audit: 'best-effort',
        'require-signature': false,
        deny: [],
        process: [],
        allow: [{ permission: `readFile:${path}` }],
      });
      await symlink('/etc', join(real, 'out'));
      assert.equal(findPermissionDenial(allow(link), 'a', `readFile:${link}/secret`), undefined);
      assert.equal(findPermissionDenial(allow(real), 'a', `readFile:${link}/secret`)?.rule, 'no rule that allows readFile allows this');
      assert.ok(findPermissionDenial(allow(real), 'a', `readFile:${real}/out/shadow`));
      assert.equal(findPermissionDenial(allow(real), 'a', `readFile:${real}/secret`), undefined);
    });
  });

  it('denies a plugin whose name has more segments, or other letters, only where the pattern says so', async () => {
    const policy = await readRule({ plugin: 'example.com/evil*' });
    assert.ok(findPluginDenial(policy, 'example.com/evil-twin'));
    for (const name of ['example.com/good', 'example.com/Evil', 'example.com.evil'])
      assert.equal(findPluginDenial(policy, name), undefined, name);
    const deep = await readRule({ plugin: 'example.com/**' });
    for (const name of ['example.com/evil', 'example.com/a/b/c']) assert.ok(findPluginDenial(deep, name), name);
    assert.equal(findPluginDenial(deep, 'example.community/a'), undefined);
  });

  it('cannot be made to wait by a pattern or a name made of stars and of one letter', async () => {
    const policy = await readRule({ permission: `readFile:/${'*a'.repeat(100)}` });
    const startedAtMs = cpuMs();
    assert.equal(findPermissionDenial(policy, 'a', `readFile:/${'a'.repeat(4000)}b`), undefined);
    assert.ok(cpuMs() - startedAtMs < 5000);
  });
});

describe('the grants of a receipt that was tampered with', () => {
  const permissions = { env: ['HOME'], readFile: ['/etc/site'], exec: ['/usr/bin'] };
  let place: TestPlace;
  beforeEach(async () => (place = await openPlace()));
  afterEach(() => place.remove());

  /** Installs with HOME granted, and writes other grants over it, as whoever owns the receipt could. */
  async function tamper(grants: object) {
    await install(place, { permissions }, { grants: { env: ['HOME'] } });
    const receipts = join(place.user.path, 'receipts');
    const [name = ''] = await readdir(receipts);
    const receipt = JSON.parse(await readFile(join(receipts, name), 'utf8')) as object;
    await writeFile(join(receipts, name), JSON.stringify({ ...receipt, grants }));
    return openCatalog({ directories: [place.user], uid });
  }

  for (const [title, grants] of [
    ['a name that the plugin does not ask for', { env: ['HOME', 'AWS_KEY'] }],
    ['a file beside the directory that it asks for', { readFile: ['/etc/site2'] }],
    ['a directory above it', { readFile: ['/etc'] }],
    ['a path with ".."', { readFile: ['/etc/site/../shadow'] }],
    ['a program below a path that it asks for as a program', { exec: ['/usr/bin/env'] }],
    ['a kind that it does not ask for', { config: ['mounts'] }],
    ['a kind that there is not', { root: ['yes'] }],
    ['a kind with the name of a prototype', JSON.parse('{"__proto__":{"env":["AWS_KEY"]}}') as object],
    ['no list', { env: 'HOME' }],
    ['null', null],
  ] as const) {
    it(`are refused with ${title}, and the plugin with them`, async () => {
      const { installations, problems } = await tamper(grants as object);
      assert.deepEqual(installations, []);
      assert.deepEqual(
        problems.map(({ kind, skippable }) => [kind, skippable]),
        [['invalid', false]],
      );
      assert.match(problems[0]?.reason ?? '', /could not decode receipt/);
    });
  }

  for (const grants of [{}, { env: [] }, { env: ['HOME'], readFile: ['/etc/site'] }, { readFile: ['/etc/site/below'] }]) {
    it(`and are good as ${JSON.stringify(grants)}, which it asks for`, async () => {
      const { installations, problems } = await tamper(grants);
      assert.deepEqual([installations[0]?.grants, problems], [grants, []]);
    });
  }
});
