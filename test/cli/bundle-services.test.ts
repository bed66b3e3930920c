import assert from 'node:assert/strict';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addBundle } from '../catalog/bundles/builder.js';
import { findProcesses, killQuietly, until } from '../helpers/background.js';
import { openCli, repository, type Cli } from '../helpers/cli.js';

/** Started as soon as the services are. */
const booting = { 'plugin.json': '{"type":["runtime"],"shouldBoot":true}' };

describe('services of bundles', () => {
  let cli: Cli;
  let plugins: string;
  beforeEach(async () => {
    cli = await openCli();
    plugins = join(cli.root, 'system/usr/local/libexec/bulkhead/plugin');
  });
  afterEach(async () => {
    await cli.run('system', 'stop');
    for (const { pid } of await findProcesses(cli.root)) killQuietly(pid);
    await cli.close();
  });

  /** The sample's program, run by the Node that runs this. */
  async function addHydra(): Promise<void> {
    const program = join(cli.root, 'hydra.cjs');
    await cp(join(repository, 'samples/hydra/bin/hydra'), program);
    await addBundle(plugins, 'hydra', { files: booting, program: `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n` });
  }
  const addCrashing = (): Promise<string> =>
    addBundle(plugins, 'ill', { files: booting, program: `#!/bin/sh\nenv > '${cli.root}/told'\nexit 3\n` });
  async function start(): Promise<void> {
    const { exitCode, stderr } = await cli.run('system', 'start');
    assert.equal(exitCode, 0, stderr);
  }
  async function stateOf(name: string): Promise<string> {
    const { stdout } = await cli.run('plugin', 'list', '--long');
    return new RegExp(`^yes +${name} .* system +(.*)$`, 'm').exec(stdout)?.[1] ?? '';
  }

  it('end with the next start of the services where their bundle is disabled, and that is said', async () => {
    await addHydra();
    await start();
    await until(async () => (await stateOf('hydra')) === 'running', 'hydra runs');
    assert.match((await cli.run('plugin', 'disable', 'hydra')).stderr, /Its services go on until the next: bulkhead system start/);
    await start();
    assert.match((await cli.run('plugin', 'inspect', 'hydra')).stdout, /^State: -$/m);
    assert.match((await cli.run('plugin', 'uninstall', 'hydra')).stderr, /Try: bulkhead system remove hydra; then remove that directory/);
  });

  it('are told where bulkhead is installed: two above its program (apple 54, 55)', async () => {
    await addCrashing();
    await start();
    const told = join(cli.root, 'told');
    await until(async () => (await readFile(told, 'utf8').catch(() => '')).includes('LISTEN_FDS='), 'it was told');
    assert.match(await readFile(told, 'utf8'), new RegExp(`^BULKHEAD_INSTALL_ROOT=${repository.replace(/\/$/, '')}$`, 'm'));
  });
});
