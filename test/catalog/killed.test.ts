import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { openCatalog, readInstalled } from '#catalog/catalog.js';
import { install, openPlace, uid, type TestPlace } from './builder.js';

/** The states that change-program goes through, again and again. */
const STATES = ['none', '1.0.0 on', '2.0.0 on', '2.0.0 off', '2.0.0 on', 'none'];
const STEPS = STATES.length - 1;

describe('a change of the catalog that is killed', function () {
  this.timeout(180_000);
  let place: TestPlace;
  let programs: string;
  before(async () => {
    programs = await mkdtemp(join(tmpdir(), 'bulkhead-program-'));
    await bundleProgram(join(programs, 'change.cjs'));
  });
  after(() => rm(programs, { recursive: true }));
  beforeEach(async () => {
    place = await openPlace();
  });
  afterEach(() => place.remove());

  const start = (...args: readonly unknown[]) => startProgram([join(programs, 'change.cjs'), place.user.path, ...args.map(String)]);

  it('in front of any of its writes to the disk leaves the old state or the new one', async () => {
    for (let killAt = 1, isKilled = true; isKilled; killAt++) {
      const program = start(1, killAt);
      isKilled = (await program.ended) === 'SIGKILL';
      const steps = program.countSteps();
      const state = await readState(place);
      assert.ok(STATES.slice(steps, steps + 2).includes(state), `killed in front of write ${killAt}, after ${steps} steps: ${state}`);
      if (!isKilled) assert.ok(killAt > 40 && steps === STEPS, `it ended by itself after ${steps} steps and ${killAt} writes`);
      await checkNextChange(place);
      await place.remove();
    }
  });

  it('at some instant leaves the old state or the new one, 30 times in a row', async () => {
    for (let round = 0; round < 30; round++) {
      const program = start(1000);
      await program.waitForSteps(1 + (round % STEPS));
      await setTimeout(Math.random() * 5);
      program.kill();
      await program.ended;
      const done = (program.countSteps() - 1) % STEPS;
      const state = await readState(place);
      assert.ok([STATES[done + 1], STATES[((done + 1) % STEPS) + 1]].includes(state), `after ${program.countSteps()} steps: ${state}`);
      await ageLock(place);
    }
    await checkNextChange(place);
  });

  it('is never seen half done by those who read meanwhile', async () => {
    const program = start(1_000_000);
    try {
      await program.waitForSteps(1);
      const seen = new Set<string>();
      for (let reads = 0; reads < 300 || seen.size < 3; reads++) {
        const { installations, problems } = await openCatalog({ directories: [place.user], uid });
        assert.deepEqual(problems, []);
        seen.add(installations[0]?.manifest.version ?? 'none');
      }
      assert.deepEqual([...seen].sort(), ['1.0.0', '2.0.0', 'none']);
    } finally {
      program.kill();
      await program.ended;
    }
  });
});

interface Program {
  /** How many steps it has done, as far as it told. */
  countSteps(): number;
  waitForSteps(count: number): Promise<void>;
  kill(): void;
  /** The signal that ended it, when all it said has been read. */
  readonly ended: Promise<string | null>;
}

function startProgram(args: readonly string[]): Program {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let steps = 0;
  child.stdout.on('data', (chunk) => {
    steps += String(chunk).split('\n').length - 1;
  });
  const ended = once(child, 'close').then(() => child.signalCode);
  return {
    countSteps: () => steps,
    async waitForSteps(count) {
      while (steps < count) await Promise.race([once(child.stdout, 'data'), ended.then(() => assert.fail('the program ended by itself'))]);
    },
    kill: () => child.kill('SIGKILL'),
    ended,
  };
}

/** One file starts five times faster than the sources do. */
async function bundleProgram(outfile: string): Promise<void> {
  const entry = fileURLToPath(new URL('./change-program.ts', import.meta.url));
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    conditions: ['bulkhead-source'],
    external: ['esbuild'],
    logLevel: 'error',
    logOverride: { 'empty-import-meta': 'silent' },
  });
}

/** What is installed, and that all of it can be used. */
async function readState({ user }: TestPlace): Promise<string> {
  const { installations, problems } = await openCatalog({ directories: [user], uid });
  assert.deepEqual(problems, []);
  const [installation] = installations;
  if (installation === undefined) return 'none';
  const { manifest } = await readInstalled(installation, { uid });
  return `${manifest.version} ${installation.enabled ? 'on' : 'off'}`;
}

/** The next change works, and removes all that was left over. */
async function checkNextChange(place: TestPlace): Promise<void> {
  await ageLock(place);
  await install(place, { version: '3.0.0' });
  assert.equal(await readState(place), '3.0.0 on');
  const names = await readdir(place.user.path, { recursive: true });
  const shapes = names.map((name) => name.replace(/[0-9a-f]{64}/, '*')).toSorted();
  assert.deepEqual(shapes, ['packages', 'packages/*.sif', 'receipts', 'receipts/*.json']);
}

/** As if some seconds had passed: the lock of the killed process is stale. */
async function ageLock({ user }: TestPlace): Promise<void> {
  const past = new Date(Date.now() - 60_000);
  await utimes(join(user.path, 'lock'), past, past).catch(() => undefined);
}
