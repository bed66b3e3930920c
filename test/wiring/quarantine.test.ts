import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openQuarantine, type Quarantine } from '../../src/wiring/quarantine.js';
import { memoryLog } from '../helpers/compartment.js';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const suspect = { name: 'example.com/plugin', digest: digest('a') };
const terms = { failures: 3, minutes: 10 };

describe('quarantine', () => {
  let directory: string;
  let file: string;
  let log: ReturnType<typeof memoryLog>;
  let atMinutes = 0;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bulkhead-quarantine-'));
    file = join(directory, 'state/quarantine.json');
    log = memoryLog();
    atMinutes = 0;
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const open = (): Promise<Quarantine> => openQuarantine({ file, log, now: () => new Date(atMinutes * 60_000) });
  /** One command each, at these minutes. */
  async function failAt(...minutes: number[]): Promise<void> {
    for (const minute of minutes) {
      atMinutes = minute;
      const quarantine = await open();
      quarantine.fail(suspect, `failed at ${minute}`, terms);
      await quarantine.save();
    }
  }
  const isIn = async (who = suspect): Promise<boolean> => (await open()).find(who) !== undefined;

  it('begins with the third failure in ten minutes', async () => {
    await failAt(0, 5);
    assert.equal(await isIn(), false);
    await failAt(10);
    assert.deepEqual((await open()).find(suspect), {
      since: '1970-01-01T00:10:00.000Z',
      failures: [0, 5, 10].map((minute) => ({
        at: new Date(minute * 60_000).toISOString(),
        why: `failed at ${minute}`,
      })),
    });
  });

  it('does not begin when the first of three is older', async () => {
    await failAt(0, 5, 10.1);
    assert.equal(await isIn(), false);
    await failAt(14);
    assert.equal(await isIn(), true);
  });

  it('does not end by itself, nor by a success that was under way', async () => {
    await failAt(0, 1, 2);
    atMinutes = 100_000;
    const quarantine = await open();
    quarantine.succeed(suspect);
    await quarantine.save();
    assert.throws(() => quarantine.require(suspect), { code: 'PLUGIN_QUARANTINED' });
    assert.equal(await isIn(), true);
  });

  it('is of one package, and of one name', async () => {
    await failAt(0, 1, 2);
    assert.equal(await isIn({ ...suspect, digest: digest('b') }), false);
    assert.equal(await isIn({ ...suspect, name: 'example.com/other' }), false);
  });

  it('forgets failures after a success, and writes nothing for a plugin that never failed', async () => {
    const fresh = await open();
    fresh.succeed(suspect);
    await fresh.save();
    assert.deepEqual(await readdir(directory), []);
    await failAt(0, 1);
    const quarantine = await open();
    quarantine.succeed(suspect);
    await quarantine.save();
    await failAt(2, 3);
    assert.equal(await isIn(), false);
  });

  it('keeps what another command wrote meanwhile about another plugin', async () => {
    const [one, two] = [await open(), await open()];
    one.fail(suspect, 'one', { ...terms, failures: 1 });
    await one.save();
    const other = { name: 'example.com/other', digest: digest('c') };
    two.fail(other, 'two', { ...terms, failures: 1 });
    await two.save();
    assert.deepEqual([await isIn(), await isIn(other)], [true, true]);
  });

  it('stays bounded, whatever fails how often, and its reasons short', async () => {
    const quarantine = await open();
    for (let index = 0; index < 300; index += 1)
      quarantine.fail({ name: `example.com/p${index}`, digest: digest('d') }, 'x'.repeat(10_000), terms);
    for (let index = 0; index < 50; index += 1) quarantine.fail(suspect, 'y', { ...terms, failures: 20 });
    await quarantine.save();
    const entries = JSON.parse(await readFile(file, 'utf8')) as { name: string; failures: { why: string }[] }[];
    assert.equal(entries.length, 128);
    assert.equal(entries.find(({ name }) => name === suspect.name)?.failures.length, 20);
    assert.ok(entries.every(({ failures }) => failures.every(({ why }) => why.length <= 256)));
    assert.equal(await isIn(), true);
  });

  it('takes neither a link nor a directory for its file, and lets no command fail because of them', async () => {
    await mkdir(join(directory, 'state'));
    await writeFile(join(directory, 'elsewhere'), '[]');
    await symlink(join(directory, 'elsewhere'), file);
    assert.equal(await isIn(), false);
    assert.match(log.text(), /^warning: .*cannot be read and is ignored: ELOOP$/);
    await rm(file);
    await mkdir(file);
    const quarantine = await open();
    quarantine.fail(suspect, 'x', terms);
    await quarantine.save();
    assert.match(log.text(), /^warning: Cannot write .*quarantine\.json/m);
  });
});
