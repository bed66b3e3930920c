import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { ResultPromise } from 'execa';
import { openCli, type Cli } from '../helpers/cli.js';
import { installSource } from '../helpers/source.js';

describe('the process of a plugin', () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await openCli();
    await installSource(
      cli,
      `permissions: { env: ['X'] }, commands: { hold: { summary: '', run(_, host) { host.print('here'); return new Promise(() => undefined) } } }`,
    );
  });
  afterEach(() => cli.close());

  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
    it(`is gone after ${signal} to bulkhead`, async () => {
      const child = cli.start(['hold', '--debug'], { buffer: false });
      const pid = await readPid(child);
      assert.equal(isRunning(pid), true);
      child.kill(signal);
      await child;
      for (let turn = 0; turn < 100 && isRunning(pid); turn += 1) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(isRunning(pid), false);
    });
  }
});

async function readPid(child: ResultPromise): Promise<number> {
  let said = '';
  for await (const chunk of child.stderr ?? []) {
    said += String(chunk);
    const pid = /runs in process (\d+)/.exec(said)?.[1];
    if (pid !== undefined) return Number(pid);
  }
  return assert.fail(said);
}

/** A zombie has ended. */
function isRunning(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}
