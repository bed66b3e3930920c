import assert from 'node:assert/strict';
import { join } from 'node:path';
import { execa } from 'execa';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { needTool } from '../helpers/need.js';

const name = 'example.com/config-plugin';
const permissions = ['config:mounts', 'config:env', 'env:SLURM_JOB_ID'];

describe('installing a plugin that asks for permissions', () => {
  let cli: Cli;
  let file: string;
  beforeEach(async () => {
    cli = await openCli();
    file = await cli.compile(join(repository, 'samples/config-plugin'));
  });
  afterEach(() => cli.close());

  const installed = async () => (await cli.run('plugin', 'list')).stdout;
  const none = 'There are no plugins installed.';

  /** Types `input` at a terminal of its own. */
  async function installAtTerminal(context: Mocha.Context, input: string): Promise<string> {
    needTool(context, 'script');
    const command = `'${process.execPath}' '${join(repository, 'bin/run.js')}' plugin install '${file}'`;
    const { stdout } = await execa('script', ['-qec', command, '/dev/null'], { env: cli.env, extendEnv: false, input, reject: false });
    return stdout;
  }

  it('shows the exact list and installs after a yes', async function () {
    const shown = await installAtTerminal(this, 'y\n');
    for (const permission of permissions) assert.ok(shown.includes(`  ${permission}`), shown);
    assert.match(await installed(), new RegExp(`yes {2}${name}`));
  });

  for (const [title, input] of [
    ['a no', 'n\n'],
    ['an empty line', '\n'],
    ['anything else', 'yess\n'],
    ['the end of input', '\u0004'],
  ] as const) {
    it(`installs and grants nothing after ${title}`, async function () {
      assert.match(await installAtTerminal(this, input), /were not granted; nothing was installed/);
      assert.equal(await installed(), none);
    });
  }

  it('installs and grants nothing without a terminal, and says which flags would', async () => {
    const { exitCode, stderr } = await cli.run('plugin', 'install', file);
    assert.equal(exitCode, 255);
    for (const permission of permissions) assert.ok(stderr.includes(`--grant ${permission}`));
    assert.equal(await installed(), none);
  });

  it('grants what is named, and the rest is refused when it is used', async () => {
    assert.equal((await cli.run('plugin', 'install', '--grant', 'config:env', file)).exitCode, 0);
    const { installation } = JSON.parse((await cli.run('plugin', 'inspect', '--json', name)).stdout) as {
      installation: { grants: object };
    };
    assert.deepEqual(installation.grants, { config: ['env'], env: [] });
  });

  it('grants nothing that the plugin does not ask for', async () => {
    const { exitCode, stderr } = await cli.run('plugin', 'install', '--grant', 'readFile:/etc/shadow', file);
    assert.equal(exitCode, 255);
    assert.match(stderr, /does not ask for "readFile:\/etc\/shadow"/);
    assert.equal(await installed(), none);
  });
});
