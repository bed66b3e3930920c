import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { writeConfig } from '../helpers/policy.js';
import { openOnHost } from '../helpers/run-on-host.js';
import { installSource } from '../helpers/source.js';

const members = `permissions: { readFile: ['/etc/hostname', '/etc/os-release'] },
  commands: { look: { summary: 's', args: [{ name: 'paths', required: true, rest: true }], async run({ args }, host) {
    for (const path of args) host.print(await host.readFile(path).then(() => 'read', (error) => error.code));
  } } }`;

describe('the audit of a command', () => {
  let cli: Cli | undefined;
  afterEach(() => cli?.close());

  /** Below the state directory of whoever runs the tests. */
  const stateOf = ({ root, env }: Cli) =>
    process.geteuid?.() === 0 ? join(env['BULKHEAD_ROOT'] ?? '', 'var/lib/bulkhead') : join(root, 'home/.local/state/bulkhead');
  async function readAudit(on: Cli): Promise<Record<string, unknown>[]> {
    const file = join(stateOf(on), 'audit/audit.jsonl');
    assert.deepEqual([(await stat(file)).mode & 0o777, (await stat(join(file, '..'))).mode & 0o777], [0o600, 0o700]);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('has a line for what was allowed and for what was denied, and none for print', async () => {
    cli = await openCli();
    await installSource(cli, members);
    await cli.run('look', '/etc/os-release', '/etc/shadow');
    const [first, second, ...rest] = await readAudit(cli);
    assert.match(String(first?.['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const common = { plugin: 'test/plugin', callback: 'command', power: 'readFile' };
    assert.deepEqual({ ...first, time: 0 }, { time: 0, ...common, argument: { path: '/etc/os-release' }, decision: 'allowed' });
    const denied = { argument: { path: '/etc/shadow' }, decision: 'denied', reason: 'POWER_NOT_GRANTED' };
    assert.deepEqual({ ...second, time: 0 }, { time: 0, ...common, ...denied });
    assert.deepEqual(rest, []);
  });

  it('tells what a policy took away as denied', async () => {
    cli = await openCli();
    await installSource(cli, members);
    await writeConfig(cli, '[[policy.deny]]\npermission = "readFile:/etc/os-release"\n');
    assert.equal((await cli.run('look', '/etc/os-release')).stdout, 'POWER_NOT_GRANTED');
    assert.deepEqual((await readAudit(cli))[0]?.['reason'], 'POWER_NOT_GRANTED');
  });

  it('that fails is a warning, or where it is required the end of the power', async () => {
    cli = await openCli();
    await installSource(cli, members);
    await mkdir(stateOf(cli), { recursive: true });
    await writeFile(join(stateOf(cli), 'audit'), 'a file where the directory should be');
    const warned = await cli.run('look', '/etc/os-release', '/etc/os-release');
    assert.equal(warned.stdout, 'read\nread');
    assert.equal(warned.stderr.split('Cannot record what plugins do').length, 2);
    await writeConfig(cli, '[policy]\naudit = "required"\n');
    assert.equal((await cli.run('look', '/etc/os-release')).stdout, 'POWER_NOT_AUDITED');
  });

  it('has what a plugin changed of a configuration, without the values of variables', async function () {
    cli = await openOnHost(this, [join(repository, 'samples/config-plugin')]);
    assert.equal((await cli.run('run', 'host:', 'true')).exitCode, 0);
    const plugin = 'example.com/config-plugin';
    const all = (await readAudit(cli)).map(({ time: _time, ...line }) => line);
    // The driver that brought the image had its mounts audited too.
    const [lines, others] = [all.filter((line) => line['plugin'] === plugin), all.filter((line) => line['plugin'] !== plugin)];
    assert.ok(others.length > 0 && others.every((line) => line['power'] === 'mount' && line['decision'] === 'allowed'));
    assert.deepEqual(lines, [
      { plugin, callback: null, power: 'env', argument: { names: ['SLURM_JOB_ID'] }, decision: 'allowed' },
      {
        plugin,
        callback: 'engineConfig',
        power: 'config',
        argument: { fields: ['mounts', 'env'], mounts: ['/etc/os-release on /site/os-release'], env: ['SITE_JOB'] },
        decision: 'allowed',
      },
    ]);
  });
});
