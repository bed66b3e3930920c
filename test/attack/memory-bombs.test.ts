import assert from 'node:assert/strict';
import { openCli, type Cli } from '../helpers/cli.js';
import { buildConfig, openTestHost, scriptOf } from '../helpers/compartment.js';
import { installSource } from '../helpers/source.js';
import { needUserNamespaces } from '../helpers/need.js';
import { writeConfig } from '../helpers/policy.js';

/** In a thread, the first of these makes V8 abort the whole process; a process of its own takes them all. */
const bombs: Readonly<Record<string, string>> = {
  'one big array': 'new Array(1e8).fill(1)',
  'buffers of 4 GiB': 'const all = []; for (let i = 0; i < 64; i++) all.push(new Uint8Array(64 * 1048576).fill(1))',
  'buffers that nobody writes to': 'const all = []; for (;;) all.push(new ArrayBuffer(64 * 1048576))',
  'a string that doubles':
    'const all = []; for (;;) { let text = "x" + all.length; while (text.length < 2 ** 28) text += text; all.push([...text]) }',
  'promises without end': 'const all = []; for (;;) all.push(new Promise(() => undefined).then(() => all))',
  'a map without end': 'const map = new Map(); for (let i = 0; ; i++) map.set(i, { i })',
  'an answer of gigabytes': 'return { env: { A: "x".repeat(2 ** 28), B: "y".repeat(2 ** 28) } }',
  'a list without end': 'return { mounts: new Array(2 ** 26).fill({}) }',
};

describe('a memory bomb in a process of its own', () => {
  for (const [title, body] of Object.entries(bombs)) {
    it(`ends its own call: ${title}`, async () => {
      const scene = await openTestHost({ isolation: 'process', deadlineMs: 20_000 });
      try {
        const plugin = scene.plugin(
          scriptOf(`engineConfig({ config }) { if (config.image === 'benign:') return { env: { OK: '1' } }; ${body} }`),
        );
        await assert.rejects(plugin.ask('engineConfig', { config: buildConfig() }), { kind: 'plugin' });
        const answer = await plugin.ask('engineConfig', { config: buildConfig({ image: 'benign:' }) });
        assert.deepEqual(answer, { env: { OK: '1' } });
      } finally {
        await scene.close();
      }
    });
  }

  it('leaves room for what a plugin may need: 100 MiB of buffers', async () => {
    const scene = await openTestHost({ isolation: 'process' });
    try {
      const body =
        'const all = []; for (let i = 0; i < 100; i++) all.push(new Uint8Array(1048576).fill(1)); return { env: { N: String(all.length) } }';
      const answer = await scene.plugin(scriptOf(`engineConfig() { ${body} }`)).ask('engineConfig', { config: buildConfig() });
      assert.deepEqual(answer, { env: { N: '100' } });
    } finally {
      await scene.close();
    }
  });
});

describe('a memory bomb, on the command line', () => {
  let cli: Cli;
  beforeEach(async function () {
    needUserNamespaces(this);
    cli = await openCli();
  });
  afterEach(() => cli.close());

  it('ends its command with 255 and the reason, in a process', async () => {
    await installSource(cli, `permissions: { env: ['X'] }, commands: { bomb: { summary: '', run() { new Array(1e8).fill(1) } } }`);
    const { exitCode, stderr } = await cli.run('bomb');
    assert.equal(exitCode, 255, stderr);
    assert.match(stderr, /^FATAL: {3}Cannot ask plugin "test\/plugin" for command: its compartment ended \(it used more than its memory/);
  });

  it('is an optional plugin that is passed over, in a process, and the run goes on', async () => {
    await installSource(cli, `callbacks: { engineConfig() { new Array(1e8).fill(1) } }`, {
      flags: ['--isolation', 'process', '--optional'],
    });
    const { exitCode, stdout, stderr } = await cli.run('run', '--read-only', '/', 'echo', 'still here');
    assert.equal(exitCode, 0, stderr);
    assert.equal(stdout, 'still here');
    assert.match(stderr, /WARNING: Cannot ask plugin "test\/plugin".*memory.*going on without it/);
  });

  it('ends its command in a process where the policy demands one, though a thread was chosen, and inspect says where it runs', async () => {
    const bomb = `commands: { bomb: { summary: '', run() { new Array(1e8).fill(1) } } }`;
    await installSource(cli, bomb, { flags: ['--isolation', 'thread'] });
    const inspect = async (): Promise<string> => (await cli.run('plugin', 'inspect', 'test/plugin')).stdout;
    assert.match(await inspect(), /^Isolation: thread \(.*can make V8 end the whole command\)$/m);
    await writeConfig(cli, '[[policy.process]]\nplugin = "test/*"\n');
    assert.match(await inspect(), /^Isolation: process /m);
    const { exitCode, stderr } = await cli.run('bomb');
    assert.equal(exitCode, 255, stderr);
    assert.match(stderr, /^FATAL: {3}Cannot ask plugin "test\/plugin" for command: its compartment ended \(it used more than its memory/);
  });
});
