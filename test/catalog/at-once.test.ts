import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { openCatalog, readInstalled } from '#catalog/catalog.js';
import { openPlace, uid, type TestPlace } from './builder.js';
import { bundleProgram, startProgram } from './program.js';

const PROGRAMS = 5;
const outcomesOf = v.array(v.tuple([v.string(), v.string()]));

describe('50 installs at once, by 5 programs', function () {
  let programs: string;
  let place: TestPlace;
  before(async () => {
    programs = await mkdtemp(join(tmpdir(), 'bulkhead-program-'));
    await bundleProgram(new URL('./install-program.ts', import.meta.url), join(programs, 'install.cjs'));
  });
  after(() => rm(programs, { recursive: true }));
  beforeEach(async () => {
    place = await openPlace();
  });
  afterEach(() => place.remove());

  it('of the same plugin leave one of its versions, whole', async () => {
    const outcomes = await installAtOnce((index) => `example.com/same@1.0.${index}`);
    const installed = outcomes.filter(([, outcome]) => outcome === 'installed').map(([plugin]) => plugin);
    const [only, ...others] = await readAll();
    assert.deepEqual(others, []);
    assert.ok(only !== undefined && installed.includes(only), `${only} is installed, and nobody said so`);
  });

  it('of different plugins leave each of them, whole', async () => {
    const outcomes = await installAtOnce((index) => `example.com/different-${index}@1.0.0`);
    await checkEach(outcomes);
  });

  it('of the same and of different plugins leave each of them, whole', async () => {
    const outcomes = await installAtOnce((index) =>
      index % 2 === 0 ? `example.com/same@1.0.${index}` : `example.com/different-${index}@1.0.0`,
    );
    const same = outcomes.filter(([plugin]) => plugin.startsWith('example.com/same@'));
    const found = await readAll();
    const winner = found.filter((plugin) => plugin.startsWith('example.com/same@'));
    assert.equal(winner.length, 1);
    assert.ok(same.some(([plugin, outcome]) => outcome === 'installed' && plugin === winner[0]));
    await checkEach(
      outcomes.filter(([plugin]) => !plugin.startsWith('example.com/same@')),
      winner,
    );
  });

  /** What was said to be installed is, and nothing else but `others`. */
  async function checkEach(outcomes: readonly (readonly [string, string])[], others: readonly string[] = []): Promise<void> {
    const installed = outcomes.filter(([, outcome]) => outcome === 'installed').map(([plugin]) => plugin);
    assert.deepEqual(await readAll(), [...installed, ...others].toSorted());
  }

  async function installAtOnce(nameOf: (index: number) => string): Promise<v.InferOutput<typeof outcomesOf>> {
    const plugins = Array.from({ length: 50 }, (_, index) => nameOf(index));
    const started = Array.from({ length: PROGRAMS }, (_, own) =>
      startProgram([join(programs, 'install.cjs'), place.user.path, ...plugins.filter((_, index) => index % PROGRAMS === own)]),
    );
    const outcomes: v.InferOutput<typeof outcomesOf> = [];
    for (const program of started) {
      assert.equal(await program.ended, null);
      outcomes.push(...v.parse(outcomesOf, JSON.parse(program.output())));
    }
    assert.equal(outcomes.length, 50);
    // A machine that is busy itself may make one wait for longer than an install waits; then it says so.
    for (const [plugin, outcome] of outcomes) assert.ok(outcome === 'installed' || outcome === 'CATALOG_BUSY', `${plugin}: ${outcome}`);
    assert.ok(outcomes.filter(([, outcome]) => outcome === 'installed').length >= 40, 'few were installed');
    return outcomes;
  }

  /** All that is installed, each read whole; and that there is a package and a receipt for each, and no other file. */
  async function readAll(): Promise<string[]> {
    const { installations, problems } = await openCatalog({ directories: [place.user], uid });
    assert.deepEqual(problems, []);
    const names: string[] = [];
    for (const installation of installations) {
      const { manifest } = await readInstalled(installation, { uid });
      names.push(`${manifest.name}@${manifest.version}`);
    }
    const shapes = (await readdir(place.user.path, { recursive: true })).map((name) => name.replace(/[0-9a-f]{64}/, '*'));
    const count = (shape: string) => shapes.filter((name) => name === shape).length;
    assert.deepEqual([count('packages/*.sif'), count('receipts/*.json')], [names.length, names.length]);
    // The two directories, and the index.
    assert.equal(count('index.json'), 1);
    assert.equal(shapes.length, 2 * names.length + 3);
    return names.toSorted();
  }
});
