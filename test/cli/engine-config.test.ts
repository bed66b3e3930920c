import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { needUserNamespaces } from '../helpers/need.js';
import { installSource } from '../helpers/source.js';
import { runAtTerminal } from '../helpers/terminal.js';

/** A plugin that asks for the fields it changes, and answers with these changes. */
function changing(changes: Readonly<Record<string, unknown>>, more = ''): string {
  const { data, ...fields } = changes;
  const answer = JSON.stringify({ ...fields, ...(data === undefined ? {} : { data }) });
  return `permissions: { config: ${JSON.stringify(Object.keys(fields))} }, callbacks: { engineConfig: () => (${answer}), ${more} }`;
}

async function openWithHostImage(context: Mocha.Context): Promise<Cli> {
  needUserNamespaces(context);
  const cli = await openCli();
  await cli.install(join(repository, 'samples/host-image'));
  return cli;
}

describe('what engineConfig may change', () => {
  let cli: Cli;
  beforeEach(async function () {
    cli = await openWithHostImage(this);
  });
  afterEach(() => cli?.close());

  it('is every field, and the container is so', async () => {
    const source = join(cli.root, 'source');
    await mkdir(source);
    await writeFile(join(source, 'file'), 'bound');
    const changes = {
      mounts: [
        { type: 'bind', source, destination: '/bound', readOnly: true, options: ['noexec'] },
        { type: 'tmpfs', destination: '/scratch', sizeBytes: 1_048_576 },
      ],
      env: { ADDED: 'a', REMOVED: null },
      command: ['sh', '/script'],
      hostname: 'boat',
      workingDirectory: '/scratch',
      readOnly: true,
      home: { type: 'tmpfs', destination: '/mem/home' },
      umask: 0o027,
      rlimits: { nofile: { soft: 99, hard: 100 } },
      user: { uid: 4242, gid: 4343 },
      network: 'none',
      dns: { servers: ['10.0.0.53'] },
      hosts: { db: '10.0.0.7' },
      namespaces: { ipc: 'host' },
      devices: [{ path: '/dev/zero', destination: '/dev/mine' }],
      capabilities: { net_raw: false },
    };
    const script = join(cli.root, 'script');
    const look = [
      'cat /bound/file; echo; echo $ADDED ${REMOVED-gone}; uname -n; pwd; echo $HOME; umask; ulimit -n; id -u; id -g',
      'cat /etc/resolv.conf; tail -n 1 /etc/hosts; test -c /dev/mine && echo device; stat -f -c %b /scratch',
      'tail -n +3 /proc/net/dev | cut -d: -f1; touch /root-file 2>/dev/null || echo read-only; readlink /proc/self/ns/ipc',
    ];
    await writeFile(script, look.join('\n'));
    await installSource(cli, changing(changes));
    const { stdout, stderr } = await cli.run('run', '--env', 'REMOVED=1', '--bind', `${script}:/script`, 'host:', 'false');
    const lines = stdout.split('\n').map((line) => line.trim());
    assert.deepEqual(
      lines.slice(0, -1),
      [
        ...['bound', 'a gone', 'boat', '/scratch', '/mem/home', '0027', '99', '4242', '4343'],
        ...['nameserver 10.0.0.53', '10.0.0.7\tdb', 'device', '256', 'lo', 'read-only'],
      ],
      stderr,
    );
    const { stdout: shared } = await cli.run('run', '--ipc', 'host', '--plugin-dry-run', '--json', 'host:');
    assert.deepEqual((JSON.parse(shared) as { config: { namespaces: unknown } }).config.namespaces, { ipc: 'host' });
  });

  it('is another image, work directory, limits and devices by CDI too', async () => {
    const [image, workdir] = [join(cli.root, 'image'), join(cli.root, 'work')];
    await mkdir(image);
    await mkdir(workdir);
    await mkdir(join(cli.root, 'system/etc/cdi'), { recursive: true });
    const spec = { cdiVersion: '0.6.0', kind: 'site.example/test', devices: [{ name: 'one', containerEdits: { env: ['CDI=one'] } }] };
    await writeFile(join(cli.root, 'system/etc/cdi/test.json'), JSON.stringify(spec), { mode: 0o644 });
    const changes = { image: 'host:', workdir, cdi: ['site.example/test=one'], rootSizeBytes: 4_194_304, limits: { pids: 50 } };
    await installSource(cli, changing(changes));
    const { stdout, stderr, exitCode } = await cli.run('run', `${image}/`, 'sh', '-c', 'echo $CDI; echo kept >/tmp/kept');
    assert.deepEqual([exitCode, stdout], [0, 'one'], stderr);
    assert.equal(await readFile(join(workdir, 'tmp/kept'), 'utf8'), 'kept\n');
  });

  it('is refused where the result is wrong, by the engine’s own rules and before anything starts', async () => {
    await installSource(cli, changing({ capabilities: { flying: true } }));
    const { exitCode, stdout, stderr } = await cli.run('run', 'host:', 'echo', 'ran');
    assert.deepEqual([exitCode, stdout], [255, '']);
    assert.match(stderr, /there is no capability "flying"/);
  });

  it('is no field that was not granted', async () => {
    await installSource(cli, `permissions: { config: ['env'] }, callbacks: { engineConfig: () => ({ umask: 0 }) }`);
    const { exitCode, stdout, stderr } = await cli.run('run', 'host:', 'echo', 'ran');
    assert.deepEqual([exitCode, stdout], [255, '']);
    assert.match(stderr, /was not granted config:umask/);
  });
});

describe('several plugins with engineConfig', () => {
  let cli: Cli;
  beforeEach(async function () {
    cli = await openWithHostImage(this);
  });
  afterEach(() => cli?.close());

  it('are refused where two disagree, until the operator sets an order, which inspect and --debug tell (apptainer 121)', async () => {
    await installSource(cli, changing({ umask: 0o077, env: { A: 'a' } }), { name: 'site/a' });
    await installSource(cli, changing({ umask: 0o027, env: { B: 'b' } }), { name: 'site/b' });
    const look = ['run', '--debug', 'host:', 'sh', '-c', 'umask; echo $A$B'];
    const refused = await cli.run(...look);
    assert.deepEqual([refused.exitCode, refused.stdout], [255, '']);
    assert.match(refused.stderr, /Cannot set umask: plugins "site\/a" and "site\/b" want different values/);
    assert.match(refused.stderr, /bulkhead plugin order site\/a site\/b/);

    assert.equal((await cli.run('plugin', 'order', 'site/a', 'site/b')).stdout, 'example.com/host-image\nsite/a\nsite/b');
    const ordered = await cli.run(...look);
    assert.equal(ordered.stdout, '0027\nab', ordered.stderr);
    assert.match(ordered.stderr, /^DEBUG: .*plugin "site\/b" replaces umask of plugin "site\/a"/m);
    assert.match((await cli.run('plugin', 'inspect', 'site/a')).stderr, /is replaced by what "site\/b" set/);

    await cli.run('plugin', 'order', 'site/b', 'site/a');
    assert.equal((await cli.run(...look)).stdout, '0077\nab');
    await cli.run('plugin', 'order', '--clear');
    assert.equal((await cli.run(...look)).exitCode, 255);
    const unknown = await cli.run('plugin', 'order', 'site/none');
    assert.equal(unknown.exitCode, 255);
    assert.match(unknown.stderr, /Failed to order plugins: plugin "site\/none" not found/);
  });

  it('are asked as their manifests wish, and each sees what those before it changed', async () => {
    const seeing = `permissions: { config: ['env'] }, after: ['site/z'],
      callbacks: { engineConfig: ({ config }) => ({ env: { SEEN: config.env['FIRST'] ?? 'nothing' } }) }`;
    await installSource(cli, seeing, { name: 'site/a' });
    await installSource(cli, changing({ env: { FIRST: 'z' } }), { name: 'site/z' });
    assert.equal((await cli.run('run', 'host:', 'sh', '-c', 'echo $SEEN')).stdout, 'z');
    assert.equal((await cli.run('plugin', 'order')).stdout, 'example.com/host-image\nsite/z\nsite/a');
  });

  for (const [title, broken] of [
    ['throws', 'engineConfig() { throw new Error("broken on purpose"); }'],
    ['hangs', 'engineConfig() { for (;;); }'],
    ['answers what the contract refuses', 'engineConfig: () => ({ umask: "022" })'],
  ] as const) {
    it(`fail closed where one that is required ${title}, and go on without one that is optional (apptainer 117)`, async () => {
      await installSource(cli, changing({ env: { GOOD: 'good' } }), { name: 'site/good' });
      const source = `permissions: { config: ['umask'] }, callbacks: { ${broken} }`;
      await installSource(cli, source, { name: 'site/broken' });
      const look = ['run', 'host:', 'sh', '-c', 'echo ran $GOOD'];
      const closed = await cli.run(...look);
      assert.deepEqual([closed.exitCode, closed.stdout], [255, ''], 'a failing engineConfig stops the run');
      assert.match(closed.stderr, /site\/broken/);
      await cli.run('plugin', 'uninstall', 'site/broken');
      await installSource(cli, source, { name: 'site/broken', flags: ['--optional'] });
      const open = await cli.run(...look);
      assert.deepEqual([open.exitCode, open.stdout], [0, 'ran good'], open.stderr);
      assert.match(open.stderr, /site\/broken.*going on without it/s);
    });
  }

  it('end the run with 255 and its reason where a postStartProcess fails, and the container with it (apptainer 119)', async () => {
    await installSource(cli, `callbacks: { postStartProcess() { throw new Error('no place for it'); } }`, { name: 'site/start' });
    const { exitCode, stdout, stderr } = await cli.run('run', 'host:', 'sh', '-c', 'sleep 60; echo survived');
    assert.deepEqual([exitCode, stdout], [255, '']);
    assert.match(stderr, /site\/start.*no place for it/);
  });

  it('hand data to their own later callbacks, and to no other plugin’s (apptainer 118)', async () => {
    const tell = (name: string, when: string) => `host.log.info('${name} ${when} with ' + JSON.stringify(data ?? null));`;
    const later = (name: string) =>
      `postStartProcess({ data }, host) { ${tell(name, 'started')} },
       monitorContainer({ event, data }, host) { if (event.type === 'exit') ${tell(name, 'ended')} },
       afterCommand({ data }, host) { ${tell(name, 'looked back')} }`;
    const handed = { job: '17', parts: [1, { two: null }] };
    await installSource(cli, `hooks: ['run'], ${changing({ env: { A: '1' }, data: handed }, later('giver'))}`, { name: 'site/giver' });
    await installSource(cli, `hooks: ['run'], ${changing({ env: { B: '1' } }, later('other'))}`, { name: 'site/other' });
    const { stderr, exitCode } = await cli.run('run', 'host:', 'true');
    assert.equal(exitCode, 0, stderr);
    for (const [name, data] of [
      ['giver', JSON.stringify(handed)],
      ['other', 'null'],
    ] as const) {
      for (const when of ['started', 'ended', 'looked back']) assert.ok(stderr.includes(`${name} ${when} with ${data}`), stderr);
    }
  });

  it('hand on no more than a plugin may', async () => {
    const much = `permissions: { config: ['env'] }, callbacks: { engineConfig: () => ({ data: { a: 'x'.repeat(16000), b: 'x'.repeat(16000),
      c: 'x'.repeat(16000), d: 'x'.repeat(16000), e: 'x'.repeat(16000) } }) }`;
    await installSource(cli, much, { name: 'site/much' });
    const { exitCode, stderr } = await cli.run('run', 'host:', 'true');
    assert.equal(exitCode, 255);
    assert.match(stderr, /hands on more than 65536 characters/);
  });
});

describe('bulkhead run --plugin-dry-run', () => {
  let cli: Cli;
  before(async function () {
    cli = await openWithHostImage(this);
    await installSource(cli, changing({ env: { A: 'new\u001b[31m', GONE: null }, umask: 18 }), { name: 'site/a' });
    await installSource(cli, `callbacks: { engineConfig: () => undefined }`, { name: 'site/idle' });
    const starts = `callbacks: { postStartProcess(_input, host) { host.log.warning('started'); } }`;
    await installSource(cli, starts, { name: 'site/starts' });
  });
  after(() => cli?.close());
  const words = ['--env', 'A=old', '--env', 'GONE=1', '--workdir', '/no/such/place', 'host:', 'sh', '-c', 'echo ran'];

  it('says what each plugin would change, plainly where there is no terminal, and starts nothing', async () => {
    const { exitCode, stdout, stderr } = await cli.run('run', '--plugin-dry-run', ...words);
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(stdout.split('\n'), [
      ...['site/a:', '  - env.A = "old"', '  + env.A = "new\\u001b[31m"', '  - env.GONE = "1"', '  + umask = 18'],
      'site/idle: no change',
    ]);
    assert.doesNotMatch(stderr, /started/);
  });

  it('says it as JSON, with the configuration that would be', async () => {
    const { stdout } = await cli.run('run', '--plugin-dry-run', '--json', ...words);
    const { plugins, config } = JSON.parse(stdout) as { plugins: unknown; config: { env: object; umask: number } };
    assert.deepEqual(plugins, [
      {
        plugin: 'site/a',
        changes: [
          { field: 'env.A', before: 'old', after: 'new\u001b[31m' },
          { field: 'env.GONE', before: '1' },
          { field: 'umask', after: 18 },
        ],
      },
      { plugin: 'site/idle', changes: [] },
    ]);
    assert.equal(config.umask, 18);
    assert.ok(!('GONE' in config.env));
    assert.equal((await cli.run('run', '--json', 'host:')).exitCode, 1);
  });

  it('colours it on a terminal', async function () {
    const shown = await runAtTerminal(this, cli, ['run', '--plugin-dry-run', ...words]);
    assert.ok(shown.includes('\u001b[31m  - env.A = "old"\u001b[0m'), shown);
    assert.ok(shown.includes('\u001b[32m  + umask = 18\u001b[0m'), shown);
  });

  it('fails as the run would', async () => {
    const { exitCode, stderr } = await cli.run('run', '--plugin-dry-run', '--bind', '/no/such/place', 'host:');
    assert.equal(exitCode, 255);
    assert.match(stderr, /Cannot bind \/no\/such\/place/);
  });
});
