import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProcesses, killQuietly, openBackground, until, type Background } from '../helpers/background.js';
import { startPrinting } from '../helpers/start-printing.js';

/** The verbs on what `run --detach` has started: a monitor and a container of the product, not those of the tests. */
describe('verbs on containers in the background', () => {
  let cli: Background;
  before(async function () {
    cli = await openBackground(this);
  });
  after(() => cli?.close());

  async function succeed(...argv: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await cli.run(...argv);
    assert.equal(exitCode, 0, stderr);
    return stdout;
  }

  async function detach(name: string, script: string, ...flags: string[]): Promise<string> {
    return succeed('run', '--detach', '--name', name, ...flags, cli.rootfs, 'sh', '-c', script);
  }

  it('list, inspect, logs, stats, copy and stop agree on one', async () => {
    const id = await detach('web', `trap 'echo bye; exit 9' TERM; echo ready; while :; do sleep 0.05; done`);
    const logs = startPrinting(cli, ['logs', '--follow', 'web']);
    await logs.printed('ready');
    assert.match(await succeed('list'), new RegExp(`\\n${id}  web .* Up `));
    const [web] = JSON.parse(await succeed('inspect', 'web')) as { id: string; status: string; pid: number }[];
    assert.deepEqual([web?.id, web?.status], [id, 'running']);
    const [used] = JSON.parse(await succeed('stats', '--no-stream', '--json', id.slice(0, 8))) as { memoryBytes: number; pids: number }[];
    assert.ok(used !== undefined && used.memoryBytes > 0 && used.pids >= 1, JSON.stringify(used));
    await writeFile(join(cli.root, 'note'), 'from the host');
    await succeed('copy', join(cli.root, 'note'), 'web:/tmp/');
    await succeed('copy', 'web:/tmp/note', join(cli.root, 'back'));
    await succeed('copy', 'web:/etc/marker', join(cli.root, 'marker'));
    assert.equal(await readFile(join(cli.root, 'back'), 'utf8'), 'from the host');
    assert.equal(await readFile(join(cli.root, 'marker'), 'utf8'), 'from the image\n');
    await assert.rejects(readFile(join(cli.rootfs, 'tmp/note')), { code: 'ENOENT' });
    assert.equal(await succeed('stop', 'web'), 'web');
    const { exitCode, stdout } = await logs.outcome;
    assert.deepEqual([exitCode, stdout], [0, 'ready\nbye\n']);
    assert.equal(await succeed('wait', 'web'), '9');
    assert.equal(await succeed('remove', 'web'), 'web');
  });

  it('wait has the exit code of one that removes itself', async () => {
    await detach('job', `trap 'exit 6' USR1; echo ready; while :; do sleep 0.05; done`, '--rm');
    const container = await cli.find('job');
    assert.ok(container);
    const waiting = cli.run('wait', 'job');
    await until(async () => (await readdir(container.place.path)).some((name) => name.startsWith('wait.')), 'somebody waits');
    await until(async () => (await cli.output(container.place.id)).includes('ready'), 'it is ready for signals');
    await succeed('kill', '--signal', 'USR1', 'job');
    assert.deepEqual(await waiting, { exitCode: 0, stdout: '6', stderr: '' });
    await until(async () => (await cli.find('job')) === undefined, 'it has removed itself');
  });

  it('remove --force ends one that is deaf, with all that it started', async () => {
    await detach('deaf', `trap '' TERM; sleep 1000 & while :; do sleep 0.05; done`);
    assert.equal((await cli.run('remove', 'deaf')).exitCode, 255);
    assert.equal(await succeed('remove', '--force', 'deaf'), 'deaf');
    await until(async () => (await findProcesses(cli.root)).length === 0, 'no process is left');
  });

  it('list tells of one whose monitor was killed, and prune leaves a clean machine', async () => {
    await detach('lost', 'sleep 1000');
    await detach('fine', 'sleep 1000');
    await succeed('create', cli.rootfs, 'true');
    killQuietly((await cli.find('lost'))?.state.monitor?.pid);
    await until(async () => (await cli.find('lost'))?.status.status === 'stopped', 'it has stopped');
    assert.match(await succeed('list', '--all'), / lost .* Exited \(137\)/);
    assert.doesNotMatch(await succeed('list'), / lost /);
    const removed = (await succeed('prune')).split('\n');
    assert.equal(removed.filter((line) => line.startsWith('container ')).length, 2);
    assert.match(await succeed('list', '--all'), /^[^\n]*\n[^\n]* fine [^\n]*$/);
    await succeed('kill', 'fine');
    assert.equal(await succeed('wait', 'fine'), '137');
    await succeed('volume', 'create', 'cache');
    assert.doesNotMatch(await succeed('prune'), /cache/);
    assert.equal(await succeed('prune', '--volumes'), 'volume cache');
    await until(async () => (await findProcesses(cli.root)).length === 0, 'no process is left');
    assert.deepEqual(await readdir(join(cli.roots.kept, 'names')), []);
    assert.deepEqual(await readdir(cli.roots.kept), ['names']);
  });
});
