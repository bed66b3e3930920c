/** Bulkhead's own directories, for a plugin that was granted every file there is. Each way in has a benign twin that works. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCli, type Cli } from '../helpers/cli.js';
import { describeTiers, type TestHost } from '../helpers/compartment.js';
import { evaluate } from '../helpers/powers.js';
import { writeConfig } from '../helpers/policy.js';
import { installSource } from '../helpers/source.js';

const refused = 'POWER_NOT_GRANTED';
const everything = { readFile: ['/'], writeFile: ['/'] };

describeTiers('directories of Bulkhead itself', (open) => {
  let scene: TestHost;
  let base: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'bulkhead-sealed-'));
    for (const name of ['own', 'own/below', 'behind', 'others', 'own-not']) {
      await mkdir(join(base, name));
      await writeFile(join(base, name, 'file'), name);
    }
    await symlink(join(base, 'behind'), join(base, 'own-link'));
    await symlink(join(base, 'own'), join(base, 'others/way'));
    scene = await open({ sealed: [join(base, 'own'), join(base, 'own-link'), join(base, 'not-there')] });
  });
  afterEach(async () => {
    await scene.close();
    await rm(base, { recursive: true });
  });

  const read = (path: string) => evaluate(scene, `return await host.readFile(${JSON.stringify(join(base, path))}).catch(tell)`, everything);
  const write = (path: string) =>
    evaluate(scene, `return await host.writeFile(${JSON.stringify(join(base, path))}, 'new').catch(tell)`, everything);

  for (const [title, path] of [
    ['by their names', 'own/file'],
    ['below them', 'own/below/file'],
    ['through a link', 'others/way/file'],
    ['where they are links themselves', 'own-link/file'],
    ['where such a link leads', 'behind/file'],
  ] as const) {
    it(`are not read ${title}`, async () => assert.equal(await read(path), refused));
    it(`are not written ${title}`, async () => {
      const before = await readFile(join(base, path), 'utf8');
      assert.equal(await write(path), refused);
      assert.equal(await readFile(join(base, path), 'utf8'), before);
    });
  }

  it('get no new file', async () => {
    assert.equal(await write('own/new'), refused);
    assert.equal(await write('not-there'), refused);
    assert.deepEqual((await readdir(join(base, 'own'))).toSorted(), ['below', 'file']);
  });

  it('leave alone what is beside them, and what only begins like them', async () => {
    assert.equal(await read('others/file'), 'others');
    assert.equal(await read('own-not/file'), 'own-not');
    assert.equal(await write('own-not/file'), 'undefined');
    assert.equal(await write('others/new'), 'undefined');
  });
});

describe('a plugin that was granted every file', () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await openCli();
    await installSource(
      cli,
      `permissions: { readFile: ['/'], writeFile: ['/'] }, commands: {
        put: { summary: '', args: [{ name: 'path', summary: '', required: true }], async run({ args }, host) {
          const say = (what) => host.print(what);
          await host.writeFile(args[0], 'from a plugin').then(() => say('written'), (error) => say(error.code));
        } },
        get: { summary: '', args: [{ name: 'path', summary: '', required: true }], async run({ args }, host) {
          host.print(await host.readFile(args[0]).catch((error) => error.code));
        } } }`,
    );
  });
  afterEach(() => cli.close());

  it('installs nothing, changes no policy, and reads no state of others', async () => {
    const root = cli.env['BULKHEAD_ROOT'] ?? '';
    const receipts = join(root, 'usr/local/libexec/bulkhead/plugin/receipts');
    const [receipt = assert.fail('no receipt')] = await readdir(receipts);
    await writeConfig(cli, '');
    for (const path of [join(receipts, 'new.json'), join(receipts, receipt), join(root, 'usr/local/etc/bulkhead/bulkhead.toml')])
      assert.equal((await cli.run('put', path)).stdout.trim(), refused, path);
    assert.equal((await cli.run('get', join(receipts, receipt))).stdout.trim(), refused);
    assert.equal((await cli.run('put', join(cli.root, 'elsewhere'))).stdout.trim(), 'written');
    assert.equal((await cli.run('get', join(cli.root, 'elsewhere'))).stdout.trim(), 'from a plugin');
  });
});
