import assert from 'node:assert/strict';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { needOrdinaryUser, needRoot } from '../helpers/need.js';

const sample = join(repository, 'samples/cli-plugin');
const name = 'example.com/cli-plugin';

describe('the life of a plugin, as Apptainer tells it', () => {
  let cli: Cli;
  beforeEach(async () => (cli = await openCli()));
  afterEach(() => cli.close());

  it('is compiled, installed, listed, disabled, enabled, inspected and uninstalled (apptainer 2, 4, 6-8, 10, 11, 13, 14, 16, 17)', async () => {
    const empty = { exitCode: 0, stdout: 'There are no plugins installed.', stderr: '' };
    const file = join(cli.root, 'plugin.sif');
    assert.deepEqual(await cli.run('plugin', 'list'), empty);
    assert.deepEqual(await cli.run('plugin', 'compile', '--out', file, sample), {
      exitCode: 0,
      stdout: '',
      stderr: `INFO:    Plugin built to: ${file}`,
    });
    assert.deepEqual(await cli.run('plugin', 'install', file), { exitCode: 0, stdout: '', stderr: '' });
    assert.deepEqual(await cli.run('plugin', 'list'), { exitCode: 0, stdout: `ENABLED  NAME\n    yes  ${name}`, stderr: '' });
    assert.deepEqual(await cli.run('plugin', 'disable', name), { exitCode: 0, stdout: '', stderr: '' });
    assert.deepEqual(await cli.run('plugin', 'list'), { exitCode: 0, stdout: `ENABLED  NAME\n     no  ${name}`, stderr: '' });
    assert.deepEqual(await cli.run('plugin', 'disable', name), {
      exitCode: 0,
      stdout: '',
      stderr: `INFO:    Plugin "${name}" is already disabled`,
    });
    assert.deepEqual(await cli.run('plugin', 'enable', name), { exitCode: 0, stdout: '', stderr: '' });
    assert.deepEqual(await cli.run('plugin', 'enable', name), {
      exitCode: 0,
      stdout: '',
      stderr: `INFO:    Plugin "${name}" is already enabled`,
    });
    assert.match((await cli.run('plugin', 'list')).stdout, / {4}yes {2}example/);
    const lines = `Name: ${name}\nDescription: This is a short example CLI plugin for Bulkhead\nAuthor: The Bulkhead Authors\nVersion: 0.1.0`;
    const isolation = "Isolation: thread (in bulkhead's own process; one very large allocation can make V8 end the whole command)";
    assert.deepEqual(await cli.run('plugin', 'inspect', name), { exitCode: 0, stdout: `${lines}\n${isolation}`, stderr: '' });
    assert.deepEqual(await cli.run('plugin', 'inspect', file), { exitCode: 0, stdout: lines, stderr: '' });
    assert.deepEqual(await cli.run('plugin', 'uninstall', name), { exitCode: 0, stdout: `Uninstalled plugin "${name}".`, stderr: '' });
    assert.deepEqual(await cli.run('plugin', 'list'), empty);
  });

  it('goes by the name "plugins" too', async () => {
    assert.equal((await cli.run('plugins', 'list')).stdout, 'There are no plugins installed.');
  });

  it('is helped with in each form of asking (apptainer 28)', async () => {
    const { stdout, exitCode } = await cli.run('plugin', '--help');
    assert.equal(exitCode, 0);
    assert.match(stdout, /Manage Bulkhead plugins[^]*plugin install +Install a compiled Bulkhead plugin/);
    for (const words of [
      ['plugin', '-h'],
      ['plugin', 'help'],
      ['help', 'plugin'],
      ['plugins', '--help'],
    ])
      assert.deepEqual(await cli.run(...words), { exitCode: 0, stdout, stderr: '' }, words.join(' '));
    const one = await cli.run('plugin', 'install', '--help');
    for (const words of [
      ['plugin', 'install', '-h'],
      ['plugin', 'help', 'install'],
      ['help', 'plugin', 'install'],
    ])
      assert.deepEqual(await cli.run(...words), one, words.join(' '));
  });

  it('is told in full with --json', async () => {
    await cli.install(sample);
    const { plugins, problems } = JSON.parse((await cli.run('plugin', 'list', '--json')).stdout) as {
      plugins: { name: string; grants: object }[];
      problems: [];
    };
    assert.deepEqual([plugins.map((plugin) => plugin.name), problems], [[name], []]);
    const failed = await cli.run('plugin', 'enable', 'example.com/nobody', '--json');
    assert.equal(failed.exitCode, 255);
    assert.equal((JSON.parse(failed.stdout) as { error: { code: string } }).error.code, 'PLUGIN_NOT_FOUND');
  });

  it('may be of one user alone', async () => {
    const file = await cli.compile(sample);
    assert.equal((await cli.run('plugin', 'install', '--user', file)).exitCode, 0);
    const { plugins } = JSON.parse((await cli.run('plugin', 'list', '--json')).stdout) as {
      plugins: { directory: { path: string; scope: string } }[];
    };
    assert.deepEqual(plugins[0]?.directory, { scope: 'user', path: join(cli.root, 'home/.local/libexec/bulkhead/plugin') });
    assert.equal((await cli.run('plugin', 'uninstall', name)).exitCode, 0);
  });

  it('is sorted by name in the list', async () => {
    for (const sampleName of ['monitor-plugin', 'host-image', 'log-plugin']) await cli.install(join(repository, 'samples', sampleName));
    const { stdout } = await cli.run('plugin', 'list');
    assert.equal(
      stdout,
      'ENABLED  NAME\n    yes  example.com/host-image\n    yes  example.com/log-plugin\n    yes  example.com/monitor-plugin',
    );
  });
});

describe('who may change the plugins of all users', () => {
  const refusal = (verb: string) => `"bulkhead plugin ${verb}" command requires root privileges or an unprivileged installation`;
  const verbs = [
    ['install', 'x.sif'],
    ['uninstall', 'x'],
    ['enable', 'x'],
    ['disable', 'x'],
  ] as const;

  it('is not an ordinary user, on an installation of root (apptainer 5, 9, 12, 15)', async function () {
    needOrdinaryUser(this);
    const cli = await openCli();
    try {
      for (const [verb, argument] of verbs) {
        const { stderr, exitCode } = await cli.start(['plugin', verb, argument], { env: { ...cli.env, BULKHEAD_ROOT: '' } });
        assert.equal(exitCode, 255);
        assert.ok(String(stderr).includes(refusal(verb)), String(stderr));
      }
    } finally {
      await cli.close();
    }
  });

  it('is not an ordinary user, though root is (apptainer 5, 9, 12, 15)', async function () {
    needRoot(this);
    if (!(await othersMayRead(repository))) this.skip();
    const cli = await openCli();
    try {
      await cli.install(sample);
      for (const [verb, argument] of verbs) {
        const { stderr, exitCode } = await cli.start(['plugin', verb, argument], { uid: 65534, gid: 65534, cwd: '/' });
        assert.equal(exitCode, 255);
        assert.ok(String(stderr).includes(refusal(verb)), String(stderr));
      }
    } finally {
      await cli.close();
    }
  });
});

describe('what is typed wrong', () => {
  let cli: Cli;
  before(async () => (cli = await openCli()));
  after(() => cli.close());

  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [
      ['plugin', 'install', '/nonexistent.sif'],
      255,
      /^FATAL: {3}Failed to install plugin "\/nonexistent\.sif": could not load plugin: failed to retrieve path/,
    ],
    [['plugin', 'install', '/'], 255, /is not a valid plugin/],
    [['plugin', 'install', '/etc/passwd'], 255, /^FATAL: {3}Failed to install plugin/],
    [['plugin', 'inspect', 'example.com/nobody'], 255, /^FATAL: {3}Failed to inspect plugin "example\.com\/nobody": plugin not found\./],
    [
      ['plugin', 'uninstall', 'example.com/nobody'],
      255,
      /^FATAL: {3}Failed to uninstall plugin "example\.com\/nobody": plugin not found\./,
    ],
    [['plugin', 'disable', '../../etc'], 255, /plugin not found\./],
    [['plugin', 'compile', '/nonexistent'], 255, /^FATAL: {3}Compilation failed: "\/nonexistent" doesn't exist/],
    [['plugin', 'enable'], 1, /Missing 1 required arg/],
    [['plugin', 'list', '--nonsense'], 1, /Nonexistent flag: --nonsense/],
    [['plugin', 'instal', 'x'], 1, /There is no command "plugin instal"/],
    [['plugin', 'nonsense'], 1, /plugin nonsense/],
    [['nonsense'], 1, /nonsense/],
    [['run'], 1, /Missing 1 required arg/],
    [['run', '/nonexistent/rootfs'], 255, /^FATAL: .*\/nonexistent\/rootfs/],
    [['run', 'nobody:x'], 255, /no enabled plugin answers for it/],
  ];
  for (const [argv, exitCode, message] of cases) {
    it(`bulkhead ${argv.join(' ')} exits with ${exitCode} and says why`, async () => {
      const outcome = await cli.run(...argv);
      assert.equal(outcome.exitCode, exitCode, outcome.stderr);
      assert.match(outcome.stderr, message);
      assert.doesNotMatch(outcome.stderr, /bug in Bulkhead|\n +at /);
    });
  }
});

describe('plugin compile', () => {
  let cli: Cli;
  let directory: string;
  beforeEach(async () => {
    cli = await openCli();
    directory = join(cli.root, 'source');
    await mkdir(directory);
  });
  afterEach(() => cli.close());

  const definition = (inside: string) => `import { definePlugin } from '@bulkhead/plugin-sdk';
export default definePlugin({ name: 'test/plugin', version: '1.0.0', author: 'a', description: 'd', callbacks: { ${inside} } });`;

  async function compile(files: Record<string, string>) {
    for (const [file, text] of Object.entries(files)) await writeFile(join(directory, file), text);
    return cli.run('plugin', 'compile', directory);
  }

  it('writes DIR/<basename>.sif and finds the SDK where the author has not installed it', async () => {
    const { exitCode, stderr } = await compile({ 'plugin.ts': definition('postStartProcess() {}') });
    assert.equal(exitCode, 0, stderr);
    assert.equal(stderr, `INFO:    Plugin built to: ${directory}/source.sif`);
    await access(join(directory, 'source.sif'), constants.R_OK);
  });

  it('gives the same bytes for the same source, wherever it lies', async () => {
    const source = {
      'plugin.ts': definition('postStartProcess() { helper() }').replace('\n', "\nimport { helper } from './helper.js';\n"),
      'helper.js': 'export const helper = () => 1;',
    };
    await compile(source);
    const first = await readFile(join(directory, 'source.sif'));
    directory = join(cli.root, 'elsewhere/deeper/source');
    await mkdir(directory, { recursive: true });
    await compile(source);
    assert.ok(first.equals(await readFile(join(directory, 'source.sif'))));
  });

  it('names the file that imports a Node built-in', async () => {
    const { exitCode, stderr } = await compile({
      'plugin.ts': definition('').replace('\n', "\nimport './helper.js';\n"),
      'helper.js': "\nimport fs from 'fs';\nexport default fs;",
    });
    assert.equal(exitCode, 255);
    assert.match(stderr, /helper\.js:2:\d+: a plugin cannot import "fs"/);
  });

  it('names file and line of what cannot run in the compartment', async () => {
    const { exitCode, stderr } = await compile({ 'plugin.ts': `${definition('')}\n\nprocess.exit(1);\n` });
    assert.equal(exitCode, 255);
    assert.match(stderr, /plugin\.ts:4:\d+: TypeError: Cannot read properties of undefined/);
  });

  for (const [title, source, message] of [
    ['a default export that is not a plugin', 'export default 1;', /definePlugin/],
    ['no default export', 'export const a = 1;', /definePlugin/],
    ['a name that leads out of a directory', definition('').replace('test/plugin', '../plugin'), /name: must be segments/],
    ['a version that is none', definition('').replace('1.0.0', 'one'), /version: must be a semantic version/],
    ['a callback that the contract does not have', definition('onFullMoon() {}'), /onFullMoon/],
    ['a syntax error', 'export default {', /plugin\.ts:1:\d+/],
    ['an endless loop', 'for (;;);', /did not answer within/],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const { exitCode, stderr } = await compile({ 'plugin.ts': source });
      assert.equal(exitCode, 255, stderr);
      assert.match(stderr, message);
    });
  }

  it('leaves a directory at the output path as it is', async () => {
    await mkdir(join(directory, 'out'));
    await writeFile(join(directory, 'out/kept'), '');
    await writeFile(join(directory, 'plugin.ts'), definition(''));
    const { exitCode, stderr } = await cli.run('plugin', 'compile', '-o', join(directory, 'out'), directory);
    assert.equal(exitCode, 255);
    assert.match(stderr, /it is a directory, and is left as it is/);
    await access(join(directory, 'out/kept'));
  });

  it('says which files it looked for in a directory without a plugin', async () => {
    assert.match((await compile({})).stderr, /has none of plugin\.ts/);
  });
});

async function othersMayRead(path: string): Promise<boolean> {
  const { stat } = await import('node:fs/promises');
  for (let directory = path; ; directory = join(directory, '..')) {
    if (((await stat(directory)).mode & 0o005) !== 0o005) return false;
    if (directory === '/') return true;
  }
}
