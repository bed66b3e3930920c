import assert from 'node:assert/strict';
import type { Cli } from '../helpers/cli.js';
import { openOnHost } from '../helpers/run-on-host.js';
import { installSource } from '../helpers/source.js';

describe('around a built-in command', () => {
  let cli: Cli;
  beforeEach(async function () {
    cli = await openOnHost(this, []);
  });
  afterEach(() => cli?.close());

  const hear = `async beforeCommand(input, host) { host.log.info('before ' + JSON.stringify(input)) },
    async afterCommand(input, host) { host.log.info('after ' + JSON.stringify({ ...input, runMs: typeof input.runMs })) }`;

  function heard(stderr: string, plugin = 'test/plugin'): string[] {
    return stderr
      .split('\n')
      .flatMap((line) => (line.startsWith(`INFO:    [${plugin}] `) ? [line.slice(`INFO:    [${plugin}] `.length)] : []));
  }

  it('a plugin that names the command is asked before and after it', async () => {
    await installSource(cli, `hooks: ['run'], callbacks: { ${hear} }`);
    const { exitCode, stderr } = await cli.run(
      'run',
      '--env',
      'A=1',
      '-e',
      'B=2',
      '--read-only',
      '--hostname=h',
      'host:',
      'sh',
      '-c',
      'exit 5',
    );
    assert.equal(exitCode, 5, stderr);
    const args = ['host:', 'sh', '-c', 'exit 5'];
    assert.deepEqual(heard(stderr), [
      `before ${JSON.stringify({ command: 'run', args, flags: {}, commandFlags: { env: ['A=1', 'B=2'], 'read-only': true, hostname: 'h' } })}`,
      `after ${JSON.stringify({ command: 'run', args, flags: {}, outcome: 'ended', exitCode: 5, runMs: 'number' })}`,
    ]);
  });

  it('one that only adds flags is asked where one of them is given, on the command line or in the environment', async () => {
    await installSource(
      cli,
      `flags: { run: { trace: { type: 'string', env: 'TRACE', default: 'no' }, other: { type: 'boolean' } } }, callbacks: { ${hear} }`,
    );
    assert.equal((await cli.run('run', 'host:', 'true')).stderr, '');
    assert.match(heard((await cli.run('run', '--trace', 'x', 'host:', 'true')).stderr)[0] ?? '', /"flags":\{"other":false,"trace":"x"\}/);
    const { stderr } = await cli.start(['run', 'host:', 'true'], { env: { ...cli.env, BULKHEAD_TRACE: 'y' } });
    assert.match(heard(String(stderr))[1] ?? '', /"flags":\{"other":false,"trace":"y"\}/);
  });

  it('engineConfig sees the flags of its own plugin, also those that beforeCommand has set', async () => {
    await installSource(
      cli,
      `permissions: { config: ['env'] }, flags: { run: { one: { type: 'list' }, two: { type: 'string' } } },
       callbacks: { beforeCommand: ({ flags }) => flags.two === undefined ? { flags: { two: 'set' } } : undefined,
                    engineConfig: ({ flags }) => ({ env: { FLAGS: JSON.stringify(flags) } }) }`,
    );
    const show = ['host:', 'sh', '-c', 'echo $FLAGS'];
    assert.equal((await cli.run('run', ...show)).stdout, '{"one":[]}');
    assert.equal((await cli.run('run', '--one', 'a,b', ...show)).stdout, '{"one":["a","b"],"two":"set"}');
  });

  it('beforeCommand changes the flags of the command that it was granted', async () => {
    const change = `commandFlags: { hostname: 'changed', env: ['A=changed'], 'read-only': false }`;
    await installSource(
      cli,
      `permissions: { flags: ['run.hostname', 'run.env', 'run.read-only'] }, hooks: ['run'], callbacks: { beforeCommand: () => ({ ${change} }) }`,
    );
    const { stdout, stderr } = await cli.run(
      'run',
      '--env',
      'A=1',
      '--read-only',
      '--hostname',
      'h',
      'host:',
      'sh',
      '-c',
      'echo $A; hostname; echo -x',
    );
    assert.equal(stdout, 'changed\nchanged\n-x', stderr);
  });

  const refusals: [string, string, RegExp][] = [
    [
      'a flag of the command that was not granted',
      `{ commandFlags: { hostname: 'x' } }`,
      /FATAL: +Cannot let plugin "test\/plugin" change --hostname: it was not granted flags:run\.hostname/,
    ],
    ['a flag that the plugin does not add', `{ flags: { none: true } }`, /to beforeCommand: --none is none that the plugin adds/],
    ['a value that is none of its flag', `{ flags: { trace: 3 } }`, /to beforeCommand: --trace is not a text/],
    [
      'a message of two kinds',
      `{ abort: { message: 'x', exitCode: 0 } }`,
      /Cannot use the answer of plugin "test\/plugin" to beforeCommand/,
    ],
  ];
  for (const [title, answer, message] of refusals) {
    it(`an answer with ${title} stops the command, unless the plugin is optional`, async () => {
      const source = `flags: { run: { trace: { type: 'string' } } }, hooks: ['run'], callbacks: { beforeCommand: () => (${answer}) }`;
      await installSource(cli, source);
      const stopped = await cli.run('run', 'host:', 'echo', 'ran');
      assert.deepEqual([stopped.exitCode, stopped.stdout], [255, '']);
      assert.match(stopped.stderr, message);
      await installSource(cli, source, { flags: ['--optional'] });
      const went = await cli.run('run', 'host:', 'echo', 'ran');
      assert.deepEqual([went.exitCode, went.stdout], [0, 'ran']);
      assert.match(went.stderr, /^WARNING: .*going on without it/);
    });
  }

  it('a value that the command itself refuses is refused as if it had been typed', async () => {
    await installSource(
      cli,
      `permissions: { flags: ['run.env'] }, hooks: ['run'], callbacks: { beforeCommand: () => ({ commandFlags: { env: ['novalue'] } }) }`,
    );
    const { exitCode, stderr } = await cli.run('run', 'host:', 'true');
    assert.equal(exitCode, 255);
    assert.match(stderr, /novalue.*it must be NAME=VALUE/);
  });

  it('two plugins do not set one flag to different values', async () => {
    const setting = (value: string) =>
      `permissions: { flags: ['run.hostname'] }, hooks: ['run'], callbacks: { beforeCommand: () => ({ commandFlags: { hostname: '${value}' } }) }`;
    await installSource(cli, setting('one'), { name: 'test/one' });
    await installSource(cli, setting('one'), { name: 'test/two' });
    assert.equal((await cli.run('run', 'host:', 'hostname')).stdout, 'one');
    await installSource(cli, setting('two'), { name: 'test/two' });
    const { exitCode, stderr } = await cli.run('run', 'host:', 'hostname');
    assert.equal(exitCode, 255);
    assert.match(stderr, /Cannot set --hostname: plugins "test\/one" and "test\/two" want different values/);
  });

  it('an abort ends the command with the message and the exit code, cleaned, also of an optional plugin', async () => {
    await installSource(
      cli,
      `hooks: ['run'], callbacks: { beforeCommand: () => ({ abort: { message: 'not \\u001b[31mtoday', exitCode: 77 } }),
        afterCommand: ({ outcome, exitCode, reason }, host) => { host.log.info([outcome, exitCode, reason].join(' ')) } }`,
      { flags: ['--optional'] },
    );
    const { exitCode, stdout, stderr } = await cli.run('run', 'host:', 'echo', 'ran');
    assert.deepEqual([exitCode, stdout], [77, '']);
    assert.match(stderr, /FATAL: +plugin "test\/plugin" stopped "run": not \\u001b\[31mtoday$/m);
    assert.match(heard(stderr)[0] ?? '', /^aborted 77 plugin "test\/plugin" stopped "run"/);
  });

  it('afterCommand hears of a command that could not be done', async () => {
    await installSource(cli, `hooks: ['run'], callbacks: { ${hear} }`);
    const { exitCode, stderr } = await cli.run('run', 'nobody:x', 'true');
    assert.equal(exitCode, 255);
    assert.match(heard(stderr)[1] ?? '', /"outcome":"failed","exitCode":255,"reason":"Cannot open an image of scheme/);
  });

  it('afterCommand that fails is a warning, and ends the command only where the plugin is required', async () => {
    const source = `hooks: ['run'], callbacks: { afterCommand() { throw new Error('too late') } }`;
    await installSource(cli, source);
    const reported = await cli.run('run', 'host:', 'sh', '-c', 'exit 4');
    assert.equal(reported.exitCode, 4);
    assert.match(reported.stderr, /^WARNING: .*too late; going on without it/);
    await installSource(cli, source, { flags: ['--required'] });
    assert.equal((await cli.run('run', 'host:', 'sh', '-c', 'exit 4')).exitCode, 255);
  });

  it('a plugin that fails before the command keeps no other from its say', async () => {
    await installSource(cli, `hooks: ['run'], callbacks: { beforeCommand() { for (;;); } }`, { name: 'test/a', flags: ['--optional'] });
    await installSource(cli, `hooks: ['run'], callbacks: { ${hear} }`, { name: 'test/b' });
    const { exitCode, stderr } = await cli.run('run', 'host:', 'true');
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /WARNING: Cannot wait for plugin "test\/a": beforeCommand did not answer/);
    assert.equal(heard(stderr, 'test/b').length, 2);
  });

  it('what engineConfig hands on is there after the command (apptainer 118)', async () => {
    await installSource(
      cli,
      `hooks: ['run'], callbacks: { engineConfig: () => ({ data: { note: 'kept' } }), afterCommand({ data }, host) { host.log.info(JSON.stringify(data)) } }`,
    );
    assert.deepEqual(heard((await cli.run('run', 'host:', 'true')).stderr), ['{"note":"kept"}']);
  });

  it('variables of the plugin last from before the command to after it', async () => {
    await installSource(
      cli,
      `hooks: ['run'], callbacks: (() => { let seen = 0; return { beforeCommand() { seen += 1 }, engineConfig() { seen += 1 }, afterCommand(_, host) { host.log.info('seen ' + seen) } } })()`,
    );
    assert.deepEqual(heard((await cli.run('run', 'host:', 'true')).stderr), ['seen 2']);
  });
});
