import assert from 'node:assert/strict';
import { chmod, copyFile, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { openBackground, until, type Background } from '../helpers/background.js';
import { needTool } from '../helpers/need.js';
import { writeConfig } from '../helpers/policy.js';
import { installSource } from '../helpers/source.js';

/** A plugin with the runtime `mine` that answers so. */
const mine = (answer: string, permissions = "runtime: ['crun']"): string =>
  `runtimes: ['mine'], permissions: { ${permissions} }, callbacks: { runtime(question, host) { ${answer} } }`;
const crun = mine("return { program: 'crun' };");

describe('a runtime of a plugin', () => {
  let cli: Background;
  beforeEach(async function () {
    needTool(this, 'crun');
    cli = await openBackground(this);
  });
  afterEach(() => cli?.close());

  const run = (...words: string[]) => cli.run('run', '--fakeroot', '--runtime', 'mine', cli.rootfs, ...words);

  it('is told what is to be run, without a value of the environment, and can take rights away', async () => {
    await installSource(
      cli,
      mine(`const { container, config } = question;
        host.log.info(JSON.stringify([container.identity, config.process.args, config.process.envNames.includes('SECRET'), JSON.stringify(question).includes('hunter2')]));
        return { program: 'crun', changes: { dropCapabilities: config.process.capabilities, readOnly: ['/etc'], hide: ['/tmp'] } };`),
    );
    const script = 'cat /proc/self/status; (echo x > /etc/marker) 2>/dev/null || echo refused; ls /tmp; exit 4';
    const flags = ['--fakeroot', '--env', 'SECRET=hunter2', '--runtime', 'mine'];
    const { exitCode, stdout, stderr } = await cli.run('run', ...flags, cli.rootfs, 'sh', '-c', script);
    assert.equal(exitCode, 4, stderr);
    assert.match(stdout, /^CapBnd:\s+0{16}$/m);
    assert.match(stdout, /\nrefused$/);
    assert.match(stderr, /\["(?:root|fakeroot)",\["sh","-c",".*"\],true,false\]/);
    const inspected = await cli.run('plugin', 'inspect', 'test/plugin');
    assert.match(inspected.stdout, /^Runtimes: mine$/m);
    assert.match(inspected.stdout, /granted +runtime:crun/);
  });

  it('is run where it was granted, and what was run is recorded', async () => {
    await installSource(cli, crun);
    assert.equal((await run('sh', '-c', 'exit 3')).exitCode, 3);
    assert.match(
      await auditText(),
      /"callback":"runtime","power":"runtime","argument":\{"program":"crun","args":\[\]\},"decision":"allowed"/,
    );
    await cli.run('plugin', 'revoke', 'test/plugin', 'runtime:crun');
    const { exitCode, stderr } = await run('true');
    assert.equal(exitCode, 255);
    assert.match(stderr, /Cannot run the container as plugin "test\/plugin" says: it was not granted runtime:crun/);
    assert.match(await auditText(), /"decision":"denied","reason":"RUNTIME_REFUSED"/);
  });

  it('is looked for before anything else, and a word that was mistyped is told', async () => {
    await installSource(cli, crun);
    for (const command of ['run', 'create']) {
      const { exitCode, stderr } = await cli.run(command, '--runtime', 'mien', 'docker://registry.invalid/none', 'true');
      assert.equal(exitCode, 255);
      assert.match(stderr, /Cannot run with the runtime "mien": it is none of embedded, crun, runc, mine, and not an absolute path/);
      assert.match(stderr, /did you mean mine\?/);
    }
    await cli.run('plugin', 'disable', 'test/plugin');
    const { stderr } = await cli.run('run', '--runtime', 'mine', 'docker://registry.invalid/none', 'true');
    assert.match(stderr, /plugin "test\/plugin" provides it, and is disabled\n +Try: bulkhead plugin enable test\/plugin/);
    assert.deepEqual(await cli.list(), []);
  });

  it('may be wanted by a plugin that is asked before the command', async () => {
    await installSource(cli, crun);
    const before = `hooks: ['run'], permissions: { flags: ['run.runtime'] }, callbacks: { beforeCommand() { return { commandFlags: { runtime: 'mine' } }; } }`;
    await installSource(cli, before, { name: 'test/before' });
    for (const how of [[], ['--detach']]) {
      const { exitCode, stderr } = await cli.run('run', '--fakeroot', '--debug', ...how, cli.rootfs, 'sh', '-c', 'sleep 0.1');
      assert.equal(exitCode, 0, stderr);
      assert.match(stderr, /test\/plugin: runtime answered/);
    }
  });

  it('that fails in whatever way ends the run with its name, and the container that was made before stays', async () => {
    const answers: [string, string, RegExp][] = [
      ['throws', "throw new Error('broken')", /Plugin "test\/plugin" failed in runtime .*: broken/],
      ['refuses', "return { refuse: 'not \\u001b[31mhere' }", /does not run this container with its runtime "mine": not \\u001b\[31mhere/],
      ['hangs', 'for (;;);', /plugin "test\/plugin": runtime did not answer within 500 ms/],
      ['takes', "return { program: '/bin/sh' }", /it was not granted runtime:\/bin\/sh/],
      ['wraps', "return { program: 'crun', wrapper: { program: '/bin/sh', args: [] } }", /it was not granted runtime:\/bin\/sh/],
      ['adds', "return { program: 'crun', mounts: [] }", /Cannot use the answer of plugin "test\/plugin" to runtime/],
      [
        'gives',
        "return { program: 'crun', changes: { addCapabilities: ['CAP_KILL'] } }",
        /Cannot use the answer of plugin "test\/plugin" to runtime/,
      ],
      ['does nothing', "return { program: '/bin/true' }", /the runtime "mine" failed \(without a word\)/],
      ['has none', "return { program: 'nosuch' }", /Cannot run with the runtime "nosuch"/],
    ];
    const cases = answers.map(([name, answer]) => `case '${name}': ${answer};`).join('\n');
    const source = `switch (question.config.process.args[2]) { ${cases} default: return { program: 'crun' }; }`;
    await installSource(cli, mine(source, "runtime: ['crun', '/bin/true', 'nosuch']"));
    for (const [name, , message] of answers) {
      await writeConfig(cli, name === 'hangs' ? '[budgets]\ndeadline-percent = 10\n' : '');
      const { exitCode, stdout, stderr } = await run('echo', 'ran', name);
      assert.deepEqual([exitCode, stdout], [255, ''], stderr);
      assert.match(stderr, message);
    }
    const create = (name: string, word: string) =>
      cli.run('create', '--fakeroot', '--rm', '--name', name, '--runtime', 'mine', cli.rootfs, 'sh', '-c', word);
    for (const [name, word] of [
      ['kept', 'throws'],
      ['fine', 'echo ran'],
    ] as const)
      assert.equal((await create(name, word)).exitCode, 0);
    await requireKept(/broken/);
    await cli.run('plugin', 'disable', 'test/plugin');
    await requireKept(/is disabled/);
    await cli.run('plugin', 'enable', 'test/plugin');
    const { exitCode, stdout, stderr } = await cli.run('start', '--attach', 'fine');
    assert.deepEqual([exitCode, stdout], [0, 'ran'], stderr);
    await cli.run('plugin', 'uninstall', 'test/plugin');
    await requireKept(/Cannot run with the runtime "mine"/);
  });

  it('that goes while its container runs takes nothing with it, and is missed at the next start', async () => {
    await installSource(cli, crun);
    const script = 'trap "exit 0" TERM; echo up; while :; do sleep 0.05; done';
    const flags = ['--fakeroot', '--detach', '--name', 'lasting', '--runtime', 'mine'];
    assert.equal((await cli.run('run', ...flags, cli.rootfs, 'sh', '-c', script)).exitCode, 0);
    const id = (await cli.find('lasting'))?.record.id ?? '';
    await until(async () => (await cli.output(id)) === 'up\n', 'it is up');
    await cli.run('plugin', 'uninstall', 'test/plugin');
    assert.equal((await cli.find('lasting'))?.state.status, 'running');
    assert.equal((await cli.run('stop', 'lasting')).exitCode, 0);
    await until(async () => (await cli.find('lasting'))?.state.status === 'stopped', 'it has stopped');
    await requireMissed('lasting', /Cannot run with the runtime "mine"/);
    assert.equal((await cli.run('logs', 'lasting')).stdout, 'up');
    assert.equal((await cli.run('remove', 'lasting')).exitCode, 0);
  });

  it('is run by no program that somebody else may change, nor by one that a link hides', async () => {
    const program = join(cli.root, 'tool');
    await copyFile('/bin/true', program);
    await chmod(program, 0o777);
    const link = join(cli.root, 'link');
    await symlink(program, link);
    for (const path of [program, link]) {
      await installSource(
        cli,
        mine(`return { program: 'crun', wrapper: { program: '${path}', args: [] } };`, `runtime: ['crun', '${path}']`),
      );
      const { exitCode, stderr } = await run('true');
      assert.equal(exitCode, 255);
      assert.match(stderr, /Cannot run the container as plugin "test\/plugin" says:/);
    }
  });

  it('comes after one of the same name that the operator has named', async () => {
    await installSource(cli, mine("throw new Error('asked');"));
    await writeConfig(cli, '[runtimes.mine]\npath = "/usr/bin/crun"\n');
    const { exitCode, stderr } = await run('sh', '-c', 'exit 6');
    assert.equal(exitCode, 6, stderr);
  });

  async function requireKept(message: RegExp): Promise<void> {
    await requireMissed('kept', message);
    assert.match((await cli.run('list', '--all')).stdout, /kept/);
    assert.equal((await cli.run('inspect', 'kept')).exitCode, 0);
  }

  async function requireMissed(name: string, message: RegExp): Promise<void> {
    const { exitCode, stderr } = await cli.run('start', name);
    assert.equal(exitCode, 255, stderr);
    assert.match(stderr, message);
    assert.ok((await cli.find(name)) !== undefined);
  }

  async function auditText(): Promise<string> {
    const isRoot = process.getuid?.() === 0;
    const state = isRoot ? join(cli.env['BULKHEAD_ROOT'] ?? '', 'var/lib/bulkhead') : join(cli.env['HOME'] ?? '', '.local/state/bulkhead');
    return readFile(join(state, 'audit/audit.jsonl'), 'utf8');
  }
});
