import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { needUserNamespaces } from '../helpers/need.js';

const files = ['.gitignore', 'README.md', 'package.json', 'plugin.test.ts', 'plugin.ts', 'tsconfig.json'];

describe('plugin create', () => {
  let cli: Cli;
  let directory: string;
  beforeEach(async () => {
    cli = await openCli();
    directory = join(cli.root, 'deep/below/my-plugin');
  });
  afterEach(() => cli.close());

  /** As `npm install` would have put them there. */
  async function installPackages(): Promise<void> {
    await symlink(join(repository, 'node_modules'), join(directory, 'node_modules'));
  }

  it('writes a skeleton and says nothing (apptainer 1)', async () => {
    const outcome = await cli.run('plugin', 'create', directory, 'github.com/ann/My_Plugin');
    assert.deepEqual(outcome, { exitCode: 0, stdout: '', stderr: '' });
    assert.deepEqual((await readdir(directory)).toSorted(), files);
    for (const file of files) assert.doesNotMatch(await readFile(join(directory, file), 'utf8'), /example\.com\/template|hello-template/);
    assert.deepEqual((JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as { name: string }).name, 'my-plugin');
  });

  it('writes one that fits the contract and passes its own test', async () => {
    await cli.run('plugin', 'create', directory, 'example.com/mine');
    await installPackages();
    const { scripts } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    for (const script of ['types', 'test'] as const) {
      const [program = '', ...args] = (scripts[script] ?? '').split(' ');
      const { exitCode, all } = await execa(join(repository, 'node_modules/.bin', program), args, {
        cwd: directory,
        reject: false,
        all: true,
      });
      assert.equal(exitCode, 0, all);
      if (script === 'test') assert.match(all, /2 passing/);
    }
  }).timeout(90_000);

  it('writes one that compiles, installs and runs unchanged, and goes again (apptainer 1-4, 16, 17)', async function () {
    needUserNamespaces(this);
    const name = 'example.com/mine';
    assert.equal((await cli.run('plugin', 'list')).stdout, 'There are no plugins installed.');
    await cli.run('plugin', 'create', directory, name);
    const file = join(directory, 'plugin.sif');
    assert.equal((await cli.run('plugin', 'compile', '--out', file, directory)).exitCode, 0);
    assert.equal((await cli.run('plugin', 'install', '--grant-all', file)).exitCode, 0);
    assert.deepEqual(await cli.run('hello-mine', '--loud', 'bob'), { exitCode: 0, stdout: 'HELLO, BOB!', stderr: '' });
    await cli.install(join(repository, 'samples/host-image'));
    assert.deepEqual(await cli.run('run', 'host:', 'sh', '-c', 'echo $GREETED_BY'), { exitCode: 0, stdout: name, stderr: '' });
    await cli.run('plugin', 'uninstall', 'example.com/host-image');
    assert.equal((await cli.run('plugin', 'uninstall', name)).exitCode, 0);
    assert.equal((await cli.run('plugin', 'list')).stdout, 'There are no plugins installed.');
  });

  for (const file of files) {
    it(`writes nothing where there is a ${file} already`, async () => {
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, file), 'mine');
      const { exitCode, stderr } = await cli.run('plugin', 'create', directory, 'example.com/mine');
      assert.equal(exitCode, 255);
      assert.ok(stderr.startsWith(`FATAL:   Failed to create plugin directory ${directory}: ${file} is there already.`), stderr);
      assert.deepEqual(await readdir(directory), [file]);
      assert.equal(await readFile(join(directory, file), 'utf8'), 'mine');
    });
  }

  it('refuses what cannot be a name, before it writes anything', async () => {
    for (const name of ['../x', 'a//b', "a'; process.exit(); '", '']) {
      const { exitCode, stderr } = await cli.run('plugin', 'create', directory, name);
      assert.equal(exitCode, 255);
      assert.match(stderr, /cannot be the name of a plugin/);
    }
    assert.deepEqual(await readdir(join(cli.root)), []);
  });

  it('says why the directory cannot be made', async () => {
    await writeFile(join(cli.root, 'deep'), '');
    const { exitCode, stderr } = await cli.run('plugin', 'create', directory, 'example.com/mine');
    assert.equal(exitCode, 255);
    assert.match(stderr, /^FATAL: {3}Failed to create plugin directory .*: (ENOTDIR|EEXIST)/);
  });
});
