import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { choosePaths } from '#base/paths.js';
import { openShelf, untilGone, type Shelf } from '../containers/fixtures/shelf.js';
import { openCli, type Cli } from '../helpers/cli.js';
import { needTool } from '../helpers/need.js';
import { startPrinting } from '../helpers/start-printing.js';
import { runAtTerminal } from '../helpers/terminal.js';

const LOOP = 'while :; do sleep 0.02; done';

describe('the command line of containers', () => {
  let cli: Cli;
  let shelf: Shelf;
  before(async function () {
    needTool(this, 'setpriv');
    cli = await openCli();
    const home = cli.env['HOME'] ?? '';
    await mkdir(home, { recursive: true });
    shelf = await openShelf(choosePaths({ env: cli.env, uid: process.getuid?.() ?? -1, home }).containers);
  });
  after(async () => {
    await shelf?.close();
    await cli?.close();
  });

  async function succeed(...argv: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await cli.run(...argv);
    assert.equal(exitCode, 0, stderr);
    return stdout;
  }

  it('lists nothing where there is nothing', async () => {
    assert.equal(await succeed('list', '--all'), 'ID  NAME  IMAGE  COMMAND  STATUS  CREATED');
    assert.deepEqual(JSON.parse(await succeed('ps', '--json')), { containers: [], problems: [] });
    assert.equal(await succeed('prune'), '');
  });

  it('lists what runs, and with --all the rest, in columns, as ids and as JSON', async () => {
    const { place } = await shelf.start(['sh', '-c', LOOP], { name: 'web', image: './roo\u001b[31mtfs' });
    const created = await shelf.create({ command: ['echo', 'a\nb'] });
    const table = await succeed('ps');
    assert.match(
      table,
      new RegExp(`\\n${place.id}  web {3}\\./roo\\\\u001b\\[31mtfs  sh -c ${LOOP.slice(0, 20)}.*Up \\d+ seconds? .*ago$`),
    );
    assert.equal(table.split('\n').length, 2);
    assert.match(await succeed('list', '-a'), new RegExp(`\\n${created.id} .* echo a b +Created `));
    assert.equal(await succeed('list', '-q'), place.id);
    assert.equal(await succeed('list', '-aq'), `${created.id}\n${place.id}`);
    const { containers } = JSON.parse(await succeed('list', '--json')) as { containers: { id: string; status: string; name: string }[] };
    assert.deepEqual(
      containers.map(({ id, status, name }) => ({ id, status, name })),
      [{ id: place.id, status: 'running', name: 'web' }],
    );
    assert.equal(await succeed('remove', created.id), created.id);
  });

  it('warns of damaged ones on standard error, and lists the others', async () => {
    const damaged = await shelf.create({ name: 'broken' });
    await writeFile(join(damaged.path, 'state.json'), '');
    const { stdout, stderr, exitCode } = await cli.run('list');
    assert.equal(exitCode, 0);
    assert.match(stdout, / web /);
    assert.match(stderr, new RegExp(`Cannot read state.json of container ${damaged.id}: .*remove --force ${damaged.id}`));
    assert.equal(await succeed('rm', '--force', 'broken'), 'broken');
  });

  it('inspects several, and says of which there is none', async () => {
    const { stdout, stderr, exitCode } = await cli.run('inspect', 'web', 'nobody');
    assert.equal(exitCode, 255);
    const [web, ...others] = JSON.parse(stdout) as { name: string; status: string; pid: number; invocation: { cwd: string } }[];
    assert.equal(others.length, 0);
    assert.deepEqual([web?.name, web?.status, web?.invocation.cwd, typeof web?.pid], ['web', 'running', '/home/ann', 'number']);
    assert.match(stderr, /Cannot find container "nobody"/);
  });

  it('lists those that are looked for by label, name or status', async () => {
    const marked = await shelf.create({ labels: { job: '47=11', team: '' } });
    assert.equal(await succeed('list', '--all', '--quiet', '--filter', 'label=job=47=11', '--filter', 'label=team'), marked.id);
    assert.equal(await succeed('ps', '-q', '-f', 'status=created'), marked.id);
    assert.equal(await succeed('ps', '-q', '-f', 'label=job'), '');
    const [inspected] = JSON.parse(await succeed('inspect', marked.id)) as { labels: object }[];
    assert.deepEqual(inspected?.labels, { job: '47=11', team: '' });
    const refused = await cli.run('list', '--filter', 'colour=red');
    assert.equal(refused.exitCode, 255);
    assert.match(refused.stderr, /Cannot look for containers by "colour=red": a filter is label=KEY/);
    assert.equal(await succeed('rm', marked.id), marked.id);
  });

  it('says what fails for one of several, and goes on with the others', async () => {
    const { place } = await shelf.start(['sh', '-c', LOOP], { name: 'other' });
    const { stdout, stderr, exitCode } = await cli.run('rm', 'web', 'nobody\u001b[2J', place.id);
    assert.equal(exitCode, 255);
    assert.equal(stdout, '');
    assert.match(stderr, /Cannot remove container \w+ \(web\): it runs/);
    assert.match(stderr, /Cannot find container "nobody\\u001b\[2J"/);
    assert.equal(await succeed('rm', '-f', 'other'), 'other');
  });

  it('stops, kills and waits', async () => {
    await shelf.start(['sh', '-c', `trap 'exit 7' TERM; echo ready; ${LOOP}`], { name: 'polite' });
    await shelf.start(['sh', '-c', `trap '' TERM; ${LOOP}`], { name: 'deaf' });
    const ready = startPrinting(cli, ['logs', '-f', 'polite']);
    await ready.printed('ready');
    const waiting = cli.run('wait', 'polite', 'deaf');
    assert.equal(await succeed('stop', 'polite'), 'polite');
    assert.equal(await succeed('stop', '--timeout', '0', 'deaf'), 'deaf');
    assert.deepEqual(await waiting, { exitCode: 0, stdout: '7\n137', stderr: '' });
    assert.equal((await ready.outcome).exitCode, 0);
    const { exitCode, stderr } = await cli.run('kill', 'polite');
    assert.equal(exitCode, 255);
    assert.match(stderr, /Container \w+ \(polite\) does not run: it is stopped/);
    assert.match(await succeed('list', '--all'), / polite .*Exited \(7\) \d+ seconds? ago/);
    assert.match((await cli.run('kill', '--signal', 'NONE', 'web')).stderr, /Cannot send signal "NONE"/);
  });

  it('prints logs on both streams, of the end alone, with times', async () => {
    const container = await shelf.start(['sh', '-c', 'echo one; echo two >&2; printf three'], { name: 'talker' });
    await untilGone(container, 'monitor');
    const { stdout, stderr } = await cli.run('logs', 'talker');
    assert.deepEqual([stdout, stderr], ['one\nthree', 'two']);
    assert.match((await cli.run('logs', '--timestamps', 'talker')).stderr, /^\d{4}-\d\d-\d\dT[\d:.]+Z two$/);
    const tail = await cli.run('logs', '-n', '1', 'talker');
    assert.equal(`${tail.stdout}${tail.stderr}`.split('\n').length, 1);
    assert.deepEqual(await cli.run('logs', '--since', '2999-01-01T00:00:00Z', 'talker'), { exitCode: 0, stdout: '', stderr: '' });
    assert.equal((await cli.run('logs', '--since', 'yesterday', 'talker')).exitCode, 1);
    assert.equal((await cli.run('logs', '--tail', '-1', 'talker')).exitCode, 1);
    assert.equal(await succeed('logs', '-f', '--since', '1h', 'talker'), 'one\nthree');
  });

  it('shows what containers use, once, as JSON, and anew in its place at a terminal', async function () {
    const [web] = JSON.parse(await succeed('stats', '--no-stream', '--json', 'web')) as {
      name: string;
      pids: number;
      cpuPercent: number;
    }[];
    assert.equal(web?.name, 'web');
    assert.match(await succeed('stats', '--no-stream'), /^ID +NAME +CPU +MEMORY +OF ALL +PIDS +READ +WRITTEN\n\w{12} +web +[\d.]+ % /);
    const streaming = startPrinting(cli, ['stats', '--json']);
    while (streaming.text.stdout.split('\n').length < 3) await delay(20);
    streaming.child.kill('SIGINT');
    await streaming.outcome;
    for (const line of streaming.text.stdout.trim().split('\n')) assert.ok(Array.isArray(JSON.parse(line)));
    assert.match(await runAtTerminal(this, cli, ['stats', '--no-stream']), /CPU/);
  });

  it('copies, and says which of the two must be a container', async () => {
    const path = join(cli.root, 'here:there');
    await writeFile(path, 'x');
    assert.equal(await succeed('copy', path, `web:${cli.root}/copied`), '');
    assert.equal(await succeed('cp', `web:${cli.root}/copied`, join(cli.root, 'back')), '');
    assert.equal(await readFile(join(cli.root, 'back'), 'utf8'), 'x');
    for (const sides of [
      [path, path],
      ['web:/a', 'web:/b'],
    ])
      assert.equal((await cli.run('copy', ...sides)).exitCode, 1);
  });

  it('completes the containers that a verb can be used on', async () => {
    const complete = async (...words: string[]): Promise<string[]> =>
      (await succeed('__complete', ...words)).split('\n').map((line) => line.split('\t')[0] ?? '');
    assert.deepEqual(await complete('stop', 'w'), ['web']);
    assert.deepEqual(await complete('inspect', 'web', 'ta'), ['talker']);
    assert.deepEqual(await complete('kill', 'ta'), ['']);
  });

  it('prunes what does not run, and says so', async () => {
    const removed = (await succeed('prune')).split('\n');
    assert.ok(removed.every((line) => /^container \w{12}$/.test(line)));
    assert.equal(removed.length, 3);
    assert.match(await succeed('list', '--all'), /^[^\n]*\n[^\n]* web [^\n]*$/);
    assert.equal(await succeed('kill', 'web'), 'web');
    assert.equal(await succeed('wait', 'web'), '137');
    assert.equal(await succeed('remove', 'web'), 'web');
  });
});
