import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { addBundle, type BundleChanges } from '../catalog/bundles/builder.js';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { installSource } from '../helpers/source.js';

const show = `#!/bin/sh
for word in "$@"; do printf '<%s>' "$word"; done
printf ' in %s with %s\\n' "$PWD" "$SLURM_JOB_ID"
cat
echo told >&2
exit 7
`;
const service = { files: { 'plugin.json': '{"abstract":"Two heads","type":["runtime","network"],"shouldBoot":true}' } };

describe('bundles on the command line', () => {
  let cli: Cli;
  let system: string;
  let user: string;
  beforeEach(async () => {
    cli = await openCli();
    system = join(cli.root, 'system/usr/local/libexec/bulkhead/plugin');
    user = join(cli.root, 'home/.local/libexec/bulkhead/plugin');
  });
  afterEach(() => cli.close());

  const add = (name: string, changes: BundleChanges = {}): Promise<string> => addBundle(system, name, changes);

  describe('as commands', () => {
    it('get their arguments as they were typed, also those that are flags of bulkhead', async () => {
      await add('show', { program: show });
      const argv = ['show', '--help', '-d', '--', '--json', '--plugin-dir', 'x', '--version', '', 'a b', '$HOME', '*'];
      const { exitCode, stdout, stderr } = await cli.start(argv, { cwd: cli.root, stdin: undefined, input: 'from stdin' });
      assert.equal(exitCode, 7);
      assert.equal(stdout, `<--help><-d><--><--json><--plugin-dir><x><--version><><a b><$HOME><*> in ${cli.root} with 4711\nfrom stdin`);
      assert.equal(stderr, 'told');
    });

    it('let global flags stand before their name', async () => {
      const given = join(cli.root, 'given');
      await addBundle(given, 'show', { program: show });
      const { exitCode, stdout, stderr } = await cli.run('-d', '--plugin-dir', given, 'show', '-q');
      assert.equal(exitCode, 7);
      assert.match(stdout, /^<-q> in /);
      assert.match(stderr, /running .*given\/show\/bin\/show, the program of bundle "show"/);
    });

    it('are told their own path as the name of the program', async () => {
      const bundle = await add('self', { program: '#!/bin/sh\necho "$0"\n' });
      assert.equal((await cli.run('self')).stdout, join(bundle, 'bin/self'));
    });

    it('are ended by what ends bulkhead, and end it by what ends them', async () => {
      const ready = join(cli.root, 'ready');
      await add('waits', { program: `#!/bin/sh\ntrap 'echo caught; exit 3' TERM\necho $$ > ${ready}\nwhile :; do sleep 0.05; done\n` });
      const running = cli.start(['waits']);
      await until(() => isThere(ready));
      running.kill('SIGTERM');
      const { exitCode, stdout } = await running;
      assert.equal(exitCode, 3);
      assert.equal(stdout, 'caught');
      await add('dies', { program: '#!/bin/sh\nkill -KILL $$\n' });
      const died = await cli.start(['dies']);
      assert.equal(died.signal ?? died.exitCode, 'SIGKILL');
    });

    it('of a shell ends with 128 and the number of the signal', async () => {
      await add('dies', { program: '#!/bin/sh\nkill -TERM $$\n' });
      const words = ['-c', '"$0" "$@"; echo $?', process.execPath, join(repository, 'bin/run.js'), 'dies'];
      assert.match((await execa('sh', words, { env: cli.env, extendEnv: false })).stdout, /(^|\n)143$/);
    });

    it('are listed in help under a heading of their own, by name, and no services, disabled or broken ones among them', async () => {
      assert.doesNotMatch((await cli.run('--help')).stdout, /BUNDLES/);
      await add('show', { files: { 'config.toml': 'abstract = "Shows \\u001b[31mall"' }, program: show });
      await add('compose');
      await add('hydra', service);
      await add('off');
      await add('broken', { program: null });
      await cli.run('plugin', 'disable', 'off');
      for (const argv of [['--help'], ['help'], ['-h'], []]) {
        const { exitCode, stdout } = await cli.run(...argv);
        assert.equal(exitCode, 0);
        assert.match(stdout, /\nCOMMANDS OF BUNDLES\n {2}compose {2}Says hello\n {2}show {5}Shows \\u001b\[31mall\n$/);
      }
    });

    it('are described by help NAME without being run', async () => {
      const bundle = await add('show', { program: '#!/bin/sh\necho ran\n' });
      const { exitCode, stdout } = await cli.run('help', 'show');
      assert.equal(exitCode, 0);
      assert.match(stdout, /^Says hello\n/);
      assert.ok(stdout.includes(bundle));
      assert.doesNotMatch(stdout, /ran/);
    });

    it('never take the name of a built-in command, and list and doctor say so', async () => {
      await add('run', { program: '#!/bin/sh\necho taken\n' });
      assert.doesNotMatch((await cli.run('run', '--help')).stdout, /taken/);
      const { stderr } = await cli.run('plugin', 'list');
      assert.match(stderr, /bundle "run" cannot be run as a command: "bulkhead run" belongs to bulkhead itself/);
      assert.doesNotMatch((await cli.run('--help')).stdout, /BUNDLES/);
    });

    it('leave a command of an installed plugin to it, and list says so', async () => {
      const members = "commands: { site: { summary: 's', async run(_, host) { host.print('of the plugin'); return 0; } } }";
      await installSource(cli, members);
      await add('site', { program: '#!/bin/sh\necho of the bundle\n' });
      assert.equal((await cli.run('site')).stdout, 'of the plugin');
      assert.match((await cli.run('plugin', 'list')).stderr, /"bulkhead site" is a command of the plugin "test\/plugin"/);
    });

    it('are suggested to who mistypes them, as are commands', async () => {
      await add('compose');
      const tries = [
        [['compsoe', 'up'], /There is no command "compsoe"\. Did you mean "compose"\?/],
        [['rnu', 'x'], /There is no command "rnu"\. Did you mean "run"\?/],
        [['plugin', 'isntall', 'x'], /There is no command "plugin isntall"\. Did you mean "plugin install"\?/],
        [['xyzzy'], /There is no command "xyzzy"\n/],
      ] as const;
      for (const [argv, told] of tries) {
        const { exitCode, stderr } = await cli.run(...argv);
        assert.equal(exitCode, 1);
        assert.match(stderr, told);
      }
    });

    it('say why they are not run: services, disabled ones, broken ones, denied ones, and programs without an interpreter', async () => {
      await add('hydra', service);
      await add('off');
      await cli.run('plugin', 'disable', 'off');
      await add('broken', { program: null });
      await add('script', { program: '#!/no/such/interpreter\n' });
      await add('denied');
      const tries = [
        ['hydra', /this plugin is no command, it offers services \(runtime, network\)\n +Try: bulkhead plugin inspect hydra/],
        ['off', /this bundle is disabled\n +Try: bulkhead plugin enable off/],
        ['broken', /bundle "broken" has no program: there is no .*\n +Try: put the program there/],
        ['script', /it, or the interpreter that its first line names, is not there/],
      ] as const;
      for (const [name, told] of tries) {
        const { exitCode, stderr } = await cli.run(name);
        assert.equal(exitCode, 255);
        assert.match(stderr, told);
      }
      await writePolicy('[[policy.deny]]\nplugin = "denied"\nbecause = "under review"\n');
      const { exitCode, stderr } = await cli.run('denied');
      assert.equal(exitCode, 255);
      assert.match(stderr, /under review/);
      await writePolicy('[policy]\nrequire-signature = true\n');
      assert.match((await cli.run('script')).stderr, /requires a signature by a trusted key, and a bundle has none/);
    });

    it('are completed', async () => {
      await add('compose');
      await add('hydra', service);
      assert.match((await cli.run('__complete', 'comp')).stdout, /^completion\t.*\ncompose\tSays hello$|^compose\tSays hello\ncompletion/m);
      assert.equal((await cli.run('__complete', 'compose', '')).stdout, '');
      assert.equal((await cli.run('__complete', 'plugin', 'disable', '')).stdout, 'compose\t\nhydra\t');
      assert.equal((await cli.run('__complete', 'plugin', 'grant', '')).stdout, '');
    });
  });

  describe('in the catalog', () => {
    it('stand in one list with installed plugins, at length with what they are', async () => {
      await installSource(cli, "commands: { site: { summary: 's', async run() { return 0; } } }");
      await add('hydra', service);
      await addBundle(user, 'compose', { files: { 'config.toml': 'abstract = "x"\nversion = 0.1\n' } });
      assert.equal((await cli.run('plugin', 'list')).stdout, 'ENABLED  NAME\n    yes  compose\n    yes  hydra\n    yes  test/plugin');
      assert.deepEqual((await cli.run('plugin', 'list', '--long')).stdout.split('\n'), [
        'ENABLED  NAME         VERSION  KIND    TYPES            SOURCE  STATE',
        'yes      compose      0.1      bundle  command          user    -',
        'yes      hydra        -        bundle  runtime,network  system  -',
        'yes      test/plugin  1.0.0    worker  command          system  -',
      ]);
    });

    it('are in --json as what the list is made of, without their settings', async () => {
      await add('hydra', service);
      await writePolicy('[plugin.hydra]\npassword = "hush"\n');
      const { stdout } = await cli.run('plugin', 'list', '--json');
      assert.doesNotMatch(stdout, /hush/);
      const { bundles } = JSON.parse(stdout) as { bundles: Record<string, unknown>[] };
      assert.deepEqual(bundles, [
        {
          kind: 'bundle',
          name: 'hydra',
          directory: join(system, 'hydra'),
          executable: join(system, 'hydra/bin/hydra'),
          abstract: 'Two heads',
          author: '',
          enabled: true,
          from: { path: system, scope: 'system' },
          configuration: join(system, 'hydra/plugin.json'),
          services: {
            types: ['runtime', 'network'],
            defaultArguments: [],
            loadAtBoot: true,
            runAtLoad: true,
            label: 'com.bulkhead.hydra',
            endpoints: ['runtime.hydra.sock', 'network.hydra.sock'],
          },
        },
      ]);
    });

    it('are inspected by name, by their directory, and by their program, links followed (apple 32-35, 37, 38)', async () => {
      const bundle = await add('hydra', service);
      await add('app', { layout: 'app' });
      await symlink(join(bundle, 'bin/hydra'), join(cli.root, 'link'));
      for (const what of ['hydra', bundle, join(bundle, 'bin/hydra'), join(cli.root, 'link')]) {
        const { exitCode, stdout } = await cli.run('plugin', 'inspect', what);
        assert.equal(exitCode, 0, what);
        assert.match(stdout, /^Name: hydra\nDescription: Two heads\n/);
        assert.match(stdout, /\nServices: runtime,network\nRegistered: when the services start\nStarted: as soon as it is registered\n/);
        assert.match(stdout, /\nLabel: com\.bulkhead\.hydra\nEndpoints: runtime\.hydra\.sock,network\.hydra\.sock\n/);
      }
      assert.match((await cli.run('plugin', 'inspect', join(system, 'app.app/Contents/MacOS/app'))).stdout, /^Name: app\n/);
      assert.equal((await cli.run('plugin', 'inspect', '/bin/sh')).exitCode, 255);
    });

    it('that are linked programs are found by the real path too (apple 34)', async () => {
      const bundle = await add('hydra', { ...service, program: null });
      await mkdir(join(bundle, 'bin'), { mode: 0o755 });
      const real = join(cli.root, 'real');
      await writeFile(real, '#!/bin/sh\n');
      await chmod(real, 0o755);
      await symlink(real, join(bundle, 'bin/hydra'));
      assert.match((await cli.run('plugin', 'inspect', real)).stdout, /^Name: hydra\n/);
    });

    it('that are broken say why when they are inspected', async () => {
      await add('broken', { files: { 'plugin.json': '{' } });
      const { exitCode, stderr } = await cli.run('plugin', 'inspect', 'broken');
      assert.equal(exitCode, 255);
      assert.match(stderr, /it is not JSON/);
    });

    it('are disabled and enabled, atomically, as installed plugins are', async () => {
      await add('compose');
      assert.equal((await cli.run('plugin', 'disable', 'compose')).exitCode, 0);
      assert.match((await cli.run('plugin', 'list')).stdout, / no {2}compose$/);
      assert.match((await cli.run('plugin', 'disable', 'compose')).stderr, /already disabled/);
      assert.equal((await cli.run('plugin', 'enable', 'compose')).exitCode, 0);
      assert.equal((await cli.run('compose')).stdout, 'hello');
    });

    it('are neither uninstalled nor granted anything: it is said what applies', async () => {
      const bundle = await add('compose');
      const uninstalled = await cli.run('plugin', 'uninstall', 'compose');
      assert.equal(uninstalled.exitCode, 255);
      assert.match(uninstalled.stderr, new RegExp(`nobody installed it, it was placed in ${bundle}`));
      for (const argv of [
        ['grant', 'compose', 'env:X'],
        ['revoke', 'compose', 'env:X'],
        ['permissions', 'compose'],
        ['configure', 'compose', 'a=b'],
        ['upgrade', 'compose'],
        ['verify', 'compose'],
        ['inspect', '--sbom', 'compose'],
      ]) {
        const { exitCode, stderr } = await cli.run('plugin', ...argv);
        assert.equal(exitCode, 255);
        assert.match(stderr, /is a bundle, a program with all the rights of whoever starts it/);
      }
    });

    it('of the name of an installed plugin are both listed, and it is said which one is meant', async () => {
      await installSource(cli, '', { name: 'twin' });
      await addBundle(user, 'twin');
      const { stdout, stderr } = await cli.run('plugin', 'list');
      assert.equal(stdout, 'ENABLED  NAME\n    yes  twin\n    yes  twin');
      assert.match(stderr, /"twin" is the name of a bundle in .* and of a plugin that is installed in .*; it means the bundle/);
      assert.match((await cli.run('plugin', 'inspect', 'twin')).stdout, /Kind: bundle/);
      await rm(join(user, 'twin'), { recursive: true });
      await add('twin');
      assert.match((await cli.run('plugin', 'list')).stderr, /; it means the plugin that is installed/);
      assert.match((await cli.run('plugin', 'inspect', 'twin')).stdout, /^Name: twin\nDescription: d\n/);
      assert.equal((await cli.run('plugin', 'uninstall', 'twin')).exitCode, 0);
    });
  });

  describe('plugin doctor', () => {
    it('has nothing to say where all is well', async () => {
      await add('compose');
      await installSource(cli, '');
      const { exitCode, stdout } = await cli.run('plugin', 'doctor');
      assert.deepEqual([exitCode, stdout], [0, '1 installed, 1 bundles: 0 broken, 0 to note.']);
    });

    it('notes what is hidden, doubled or unknown, and exits with 0', async () => {
      await add('compose', { files: { 'config.json': '{"licence":"x"}', 'plugin.json': '{}' } });
      await addBundle(user, 'compose');
      await add('run');
      const { exitCode, stdout } = await cli.run('plugin', 'doctor');
      assert.equal(exitCode, 0, stdout);
      const told = stdout.split('\n').map((line) => line.split(':')[0] ?? '');
      assert.equal(told.pop(), '0 installed, 2 bundles');
      assert.deepEqual(told.toSorted(), ['NOTE    conflict', 'NOTE    noted', 'NOTE    noted', 'NOTE    shadowed']);
    });

    it('finds what is wrong with an installed plugin, too', async () => {
      await installSource(cli, '');
      const [file = ''] = await readdir(join(system, 'packages'));
      await writeFile(join(system, 'packages', file), 'not what was installed');
      const { exitCode, stdout } = await cli.run('plugin', 'doctor');
      assert.equal(exitCode, 255);
      assert.match(
        stdout,
        /^BROKEN {2}invalid: plugin "test\/plugin" was modified since it was installed: .*; to mend it: install it again/,
      );
    });

    it('explains each of 20 broken bundles in one line: what, why, and how to mend it', async () => {
      const expected = await breakTwenty(system, cli.root);
      assert.equal(expected.length, 20);
      const { exitCode, stdout, stderr } = await cli.run('plugin', 'doctor');
      assert.equal(exitCode, 255);
      assert.equal(stderr, '');
      const lines = stdout.split('\n');
      assert.equal(lines.at(-1), '0 installed, 1 bundles: 20 broken, 0 to note.');
      assert.equal(lines.length, 21);
      for (const [name, told] of expected) {
        const line = lines.filter((one) => one.startsWith('BROKEN  invalid: ') && told.test(one));
        assert.equal(line.length, 1, `${name}: ${told}\n${stdout}`);
        assert.match(line[0] ?? '', /; to mend it: \S/);
      }
      assert.match(stdout, /^[^\u0000-\u0009\u000b-\u001f]*$/);
      const report = JSON.parse((await cli.run('plugin', 'doctor', '--json')).stdout) as { findings: unknown[]; allWell: boolean };
      assert.deepEqual([report.findings.length, report.allWell], [20, false]);
      assert.equal((await cli.run('good')).stdout, 'hello');
    });
  });

  async function writePolicy(text: string): Promise<void> {
    const directory = join(cli.root, 'system/usr/local/etc/bulkhead');
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'bulkhead.toml'), text, { mode: 0o644 });
    await chmod(join(directory, 'bulkhead.toml'), 0o644);
  }
});

/** One good bundle among twenty that each are broken in a way of their own; answers with what must be said of each. */
async function breakTwenty(directory: string, root: string): Promise<(readonly [string, RegExp])[]> {
  await addBundle(directory, 'good');
  const make = (name: string, changes?: BundleChanges): Promise<string> => addBundle(directory, name, changes);
  const json = (text: string): BundleChanges => ({ files: { 'plugin.json': text } });
  await make('b01', { files: {} });
  await make('b02', { files: { 'config.yaml': 'a: b' } });
  await make('b03', { files: { 'config.toml': 'abstract = ' } });
  await make('b04', json('{"type":'));
  await make('b05', json('{"type":["volume"]}'));
  await make('b06', json('{"type":"runtime"}'));
  await make('b07', json('{"type":["runtime"],"shouldBoot":"yes"}'));
  await make('b08', json('[]'));
  await make('b09', json(`{"abstract":"${'x'.repeat(70_000)}"}`));
  await make('b10', { files: { 'config.toml': '[servicesConfig]\nrunAtLoad = true\n' } });
  await make('b11', { program: null });
  await chmod(join(await make('b12'), 'bin/b12'), 0o644);
  await mkdir(join(await make('b13', { program: null }), 'bin/b13'), { recursive: true, mode: 0o755 });
  await chmod(join(await make('b14'), 'bin/b14'), 0o777);
  await chmod(join(await make('b15'), 'bin'), 0o777);
  await chmod(await make('b16'), 0o777);
  await chmod(join(await make('b17'), 'config.toml'), 0o666);
  await symlink(join(root, 'nowhere'), join(directory, 'b18'));
  await make('-b19 \u001b[31m');
  const b20 = await make('b20', { program: null });
  await mkdir(join(b20, 'bin'), { mode: 0o755 });
  await symlink('b20', join(b20, 'bin/b20'));
  return [
    ['b01', /bundle "b01" has none of config\.toml, config\.json and plugin\.json/],
    ['b02', /bundle "b02" has none of/],
    ['b03', /configuration of bundle "b03" is wrong: .*config\.toml:1: /],
    ['b04', /"b04" is wrong: .*plugin\.json: it is not JSON/],
    ['b05', /"b05" is wrong: .*type\.0: .*"volume"/],
    ['b06', /"b06" is wrong: .*: type: /],
    ['b07', /"b07" is wrong: .*: shouldBoot: /],
    ['b08', /"b08" is wrong: .*: it is a list/],
    ['b09', /"b09" is wrong: .*more than 65536 bytes/],
    ['b10', /"b10" is wrong: .*: servicesConfig\.services: /],
    ['b11', /bundle "b11" has no program: there is no .*bin\/b11/],
    ['b12', /program of bundle "b12" cannot be run: .* is not executable; to mend it: chmod a\+x /],
    ['b13', /program of bundle "b13" cannot be run: .* is a directory/],
    ['b14', /bundle "b14" is refused: .*bin\/b14: others than its owner may write to it.*; to mend it: chmod go-w /],
    ['b15', /bundle "b15" is refused: .*bin: others/],
    ['b16', /bundle "b16" is refused: .*b16: others/],
    ['b17', /bundle "b17" is refused: .*config\.toml: others/],
    ['b18', /bundle "b18" is not there: .* a link that leads nowhere/],
    ['b19', /"-b19 .*cannot be the name of a bundle/],
    ['b20', /bundle "b20" cannot be read: .*ELOOP/],
  ];
}

async function isThere(path: string): Promise<boolean> {
  return readFile(path, 'utf8').then(
    (text) => text.endsWith('\n'),
    () => false,
  );
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(10);
}
