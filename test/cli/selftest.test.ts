import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openCli, repository, type Cli } from '../helpers/cli.js';

describe('bulkhead plugin selftest', () => {
  let cli: Cli;
  before(async () => (cli = await openCli()));
  after(() => cli.close());

  it('prints what was tried and held, and exits with 0, without any plugin', async () => {
    const { exitCode, stdout, stderr } = await cli.run('plugin', 'selftest', '--class', 'F');
    assert.equal(exitCode, 0, stdout + stderr);
    assert.match(stdout, /^CLASS +TRIED +HELD +TWINS WORKING/m);
    assert.match(stdout, /^F +(\d+) +\1 +\1 +time and side channels$/m);
    assert.match(stdout, /^All of it held\.$/m);
    assert.equal(stderr, '');
  });

  it('says the same as JSON, and each case with --debug', async () => {
    const { exitCode, stdout, stderr } = await cli.run('plugin', 'selftest', '--json', '--debug', '--class', 'F');
    const report = JSON.parse(stdout) as { allHeld: boolean; node: string; isolation: string; classes: unknown[]; failures: unknown[] };
    assert.equal(exitCode, 0);
    assert.deepEqual(
      { ...report, classes: report.classes.length },
      { node: process.version, isolation: 'thread', allHeld: true, classes: 1, failures: [] },
    );
    assert.match(stderr, /F, performance, a fine clock: held \(nothing\)/);
  });

  it('does the same in a process of its own', async () => {
    const { exitCode, stdout } = await cli.run('plugin', 'selftest', '--isolation', 'process', '--class', 'C');
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /isolation process$/m);
    assert.match(stdout, /^C +(\d+) +\1 +\1 /m);
  });

  it('leaves nothing behind', async () => {
    const temporary = join(cli.root, 'temporary');
    await mkdir(temporary);
    const { exitCode } = await cli.start(['plugin', 'selftest', '--class', 'C'], { env: { ...cli.env, TMPDIR: temporary } });
    assert.equal(exitCode, 0);
    assert.deepEqual(readdirSync(temporary), []);
    assert.deepEqual(readdirSync(cli.root), ['temporary']);
  });

  it('exits with 255 where the host is not as it was, and names what failed', async () => {
    const meddler = join(cli.root, 'meddler.cjs');
    await writeFile(meddler, 'let n = 0; setInterval(() => (process.env.MEDDLED = String(n++)), 1).unref()');
    const env = { ...cli.env, NODE_OPTIONS: `--require=${meddler}` };
    const { exitCode, stdout } = await cli.start(['plugin', 'selftest', '--class', 'F'], { env });
    assert.equal(exitCode, 255);
    assert.match(String(stdout), /^NOT HELD: [^\n]*: the environment of the process changed/m);
    assert.match(String(stdout), /^\d+ of these did not hold\.$/m);
  });

  it('is loaded by no other command', () => {
    const loaded = new Set<string>();
    const visit = (file: string): void => {
      if (loaded.has(file) || !existsSync(file)) return;
      loaded.add(file);
      for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type )[^;]*?'([#.][^']+)[.]js';$/gm))
        visit(`${path.startsWith('#') ? join(sources, path.slice(1)) : join(dirname(file), path)}.ts`);
    };
    const sources = join(repository, 'src');
    for (const file of readdirSync(join(sources, 'cli'), { recursive: true, encoding: 'utf8' }))
      if (file.endsWith('.ts')) visit(join(sources, 'cli', file));
    assert.ok(loaded.has(join(sources, 'wiring/wiring.ts')));
    assert.deepEqual(
      [...loaded].filter((file) => file.startsWith(join(sources, 'selftest'))),
      [],
    );
  });
});
