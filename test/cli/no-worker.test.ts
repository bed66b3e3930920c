import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCli, repository, type Cli } from '../helpers/cli.js';

/** Loaded before the CLI: notes every worker that is started, and then starts it. */
const spy = `
const threads = require('node:worker_threads');
const { appendFileSync } = require('node:fs');
const { Worker } = threads;
threads.Worker = class extends Worker { constructor(...args) { appendFileSync(process.env.WORKER_NOTES, 'worker\\n'); super(...args); } };
require('node:module').syncBuiltinESMExports();
`;

describe('the commands that run no plugin code', () => {
  let cli: Cli;
  let notes: string;
  before(async () => {
    cli = await openCli();
    for (const name of ['cli-plugin', 'config-plugin', 'host-image', 'bridge-network'])
      await cli.install(join(repository, 'samples', name));
    notes = join(cli.root, 'notes');
    await writeFile(join(cli.root, 'spy.cjs'), spy);
  });
  after(() => cli.close());

  async function countWorkers(...argv: string[]): Promise<number> {
    await writeFile(notes, '');
    const env = { ...cli.env, WORKER_NOTES: notes, NODE_OPTIONS: `--require=${join(cli.root, 'spy.cjs')}` };
    const { exitCode, stderr } = await cli.start(argv, { env });
    assert.equal(exitCode, 0, String(stderr));
    return (await readFile(notes, 'utf8')).split('\n').length - 1;
  }

  for (const argv of [
    ['--help'],
    ['--version'],
    ['help'],
    ['plugin', '--help'],
    ['test-cmd', '--help'],
    ['plugin', 'list'],
    ['list', '--all'],
    ['prune'],
    ['network', 'list', '--plugins'],
    ['network', 'inspect', 'host'],
    ['plugin', 'inspect', 'example.com/cli-plugin'],
    ['plugin', 'disable', 'example.com/config-plugin'],
    ['plugin', 'enable', 'example.com/config-plugin'],
  ]) {
    it(`bulkhead ${argv.join(' ')} starts no worker`, async () => assert.equal(await countWorkers(...argv), 0));
  }

  it('bulkhead test-cmd starts one, which the same spy sees', async () => assert.equal(await countWorkers('test-cmd', 'a'), 1));
});
