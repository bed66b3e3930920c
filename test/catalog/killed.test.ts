import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openCatalog, readInstalled } from '#catalog/catalog.js';
import { install, openPlace, uid, type TestPlace } from './builder.js';
import { bundleProgram, startProgram } from './program.js';

/** The states that change-program goes through, again and again. */
const STATES = ['none', '1.0.0 on', '2.0.0 on', '2.0.0 off', '2.0.0 on', 'none'];
const STEPS = STATES.length - 1;

const KILLS = 500;
/** Directories in which programs are killed at the same time. */
const LANES = 4;

interface Killed {
  /** The step that was going on, 0 for the first. */
  readonly step: number;
  readonly isNew: boolean;
  readonly hasLeftovers: boolean;
}

describe('a change of the catalog that is killed', function () {
  // Some 40 s on two cores that have nothing else to do.
  this.timeout(600_000);
  let place: TestPlace;
  let programs: string;
  before(async () => {
    programs = await mkdtemp(join(tmpdir(), 'bulkhead-program-'));
    await bundleProgram(new URL('./change-program.ts', import.meta.url), join(programs, 'change.cjs'));
  });
  after(() => rm(programs, { recursive: true }));
  beforeEach(async () => {
    place = await openPlace();
  });
  afterEach(() => place.remove());

  const startIn = ({ user }: TestPlace, ...args: readonly unknown[]) =>
    startProgram([join(programs, 'change.cjs'), user.path, ...args.map(String)]);
  const start = (...args: readonly unknown[]) => startIn(place, ...args);

  /** Each round begins with version 3.0.0 and kills in one of the steps that follow. */
  async function killAgainAndAgain(own: TestPlace, times: number): Promise<Killed[]> {
    const killed: Killed[] = [];
    await install(own, { version: '3.0.0' });
    while (killed.length < times) {
      const program = startIn(own, 1000);
      await program.waitForStart();
      const startedAtMs = performance.now();
      const step = killed.length % STEPS;
      await program.waitForSteps(step);
      const stepMs = step === 0 ? 10 : (performance.now() - startedAtMs) / step;
      await setTimeout(Math.random() * 1.2 * stepMs);
      program.kill();
      await program.ended;
      killed.push(await checkKilled(own, program.countSteps()));
      await checkNextChange(own);
    }
    return killed;
  }

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

  it('at 500 random instants leaves the old state or the new one, and nothing that the next change does not remove', async () => {
    const places = await Promise.all(Array.from({ length: LANES }, openPlace));
    try {
      const rounds = await Promise.all(places.map((own) => killAgainAndAgain(own, KILLS / LANES)));
      const killed = rounds.flat();
      assert.equal(killed.length, KILLS);
      // Otherwise the instants were not where something happens.
      const count = (isMeant: (round: Killed) => boolean) => killed.filter(isMeant).length;
      for (let step = 0; step < STEPS; step++) assert.ok(count((round) => round.step === step) > 10, `few kills in step ${step + 1}`);
      assert.ok(count(({ isNew }) => isNew) > 10 && count(({ isNew }) => !isNew) > 10, 'always the old state, or always the new one');
      assert.ok(count(({ hasLeftovers }) => hasLeftovers) > 20, 'few kills have left anything behind');
    } finally {
      for (const own of places) await own.remove();
    }
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

/** What is installed, and that all of it can be used. */
async function readState({ user }: TestPlace): Promise<string> {
  const { installations, problems } = await openCatalog({ directories: [user], uid });
  assert.deepEqual(problems, []);
  const [installation] = installations;
  if (installation === undefined) return 'none';
  const { manifest } = await readInstalled(installation, { uid });
  return `${manifest.version} ${installation.enabled ? 'on' : 'off'}`;
}

/** The state is the one before the step that was going on, or the one after it. */
async function checkKilled(place: TestPlace, done: number): Promise<Killed> {
  const step = done % STEPS;
  const before = done === 0 ? '3.0.0 on' : done % STEPS === 0 ? 'none' : STATES[step];
  const after = STATES[step + 1];
  const state = await readState(place);
  assert.ok(state === before || state === after, `after ${done} steps: ${state}, not ${before} or ${after}`);
  const expected = state === 'none' ? 0 : 2;
  const files = (await readdir(place.user.path, { recursive: true })).filter((name) => /\.(?:sif|json|staged)$/.test(name));
  return { step, isNew: state === after, hasLeftovers: files.length > expected };
}

/** The next change works, and removes all that was left over. */
async function checkNextChange(place: TestPlace): Promise<void> {
  await ageLock(place);
  await install(place, { version: '3.0.0' });
  assert.equal(await readState(place), '3.0.0 on');
  const names = await readdir(place.user.path, { recursive: true });
  const shapes = names.map((name) => name.replace(/[0-9a-f]{64}/, '*')).toSorted();
  assert.deepEqual(shapes, ['index.json', 'packages', 'packages/*.sif', 'receipts', 'receipts/*.json']);
}

/** As if some seconds had passed: the lock of the killed process is stale. */
async function ageLock({ user }: TestPlace): Promise<void> {
  const past = new Date(Date.now() - 60_000);
  await utimes(join(user.path, 'lock'), past, past).catch(() => undefined);
}
