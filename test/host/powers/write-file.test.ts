import assert from 'node:assert/strict';
import { chmod, chown, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeTiers, type TestHost } from '../../helpers/compartment.js';
import { needOrdinaryUser, needRoot } from '../../helpers/need.js';
import { callOf, contextOf, evaluate } from '../../helpers/powers.js';
import { writeFile as writeFilePower } from '../../../src/host/powers/write-file.js';

describeTiers('writeFile', (open) => {
  let scene: TestHost;
  let directory: string;
  let umask: number;
  beforeEach(async () => {
    scene = await open();
    directory = await mkdtemp(join(tmpdir(), 'bulkhead-write-'));
    umask = process.umask(0o022);
  });
  afterEach(async () => {
    process.umask(umask);
    await scene.close();
    await rm(directory, { recursive: true, force: true });
  });

  const write = (path: string, text: string) => `return await host.writeFile(${JSON.stringify(path)}, ${JSON.stringify(text)}).catch(tell)`;
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);
  const writeHere = (text: string) =>
    writeFilePower({ path: join(directory, 'file'), text }, contextOf({ writeFile: [directory] }), callOf());

  it('writes a granted file, and one below a granted directory', async () => {
    assert.equal(await evaluate(scene, write(`${directory}/a`, 'one ü'), { writeFile: [`${directory}/a`] }), 'undefined');
    assert.equal(await evaluate(scene, write(`${directory}/b`, 'two'), { writeFile: [directory] }), 'undefined');
    assert.equal(await readFile(join(directory, 'a'), 'utf8'), 'one ü');
    assert.equal(await readFile(join(directory, 'b'), 'utf8'), 'two');
  });

  it('writes nothing that was not granted: not by name, not for who may read it', async () => {
    assert.equal(await evaluate(scene, write(`${directory}/a2`, 'x'), { writeFile: [`${directory}/a`] }), 'POWER_NOT_GRANTED');
    assert.equal(await evaluate(scene, write(`${directory}/a`, 'x'), { readFile: [directory] }), 'POWER_NOT_GRANTED');
    assert.deepEqual(await readdir(directory), []);
  });

  it('leaves nothing but the file behind', async () => {
    await writeHere('x');
    assert.deepEqual(await readdir(directory), ['file']);
  });

  it('writes 1 MiB and refuses one byte more, also where the characters are fewer', async () => {
    const path = JSON.stringify(join(directory, 'file'));
    const grants = { writeFile: [directory] };
    assert.equal(await evaluate(scene, `return await host.writeFile(${path}, 'x'.repeat(1048576)).catch(tell)`, grants), 'undefined');
    assert.equal(
      await evaluate(scene, `return await host.writeFile(${path}, 'x'.repeat(1048577)).catch(tell)`, grants),
      'POWER_BAD_ARGUMENT',
    );
    assert.equal(
      await evaluate(scene, `return await host.writeFile(${path}, 'x' + 'ü'.repeat(524288)).catch(tell)`, grants),
      'POWER_FILE_UNWRITABLE',
    );
    assert.equal((await stat(join(directory, 'file'))).size, 1_048_576);
  });

  it('gives a new file mode 0644 without what the umask takes', async () => {
    await writeHere('x');
    assert.equal(await modeOf(join(directory, 'file')), '644');
    await rm(join(directory, 'file'));
    process.umask(0o077);
    await writeHere('x');
    assert.equal(await modeOf(join(directory, 'file')), '600');
  });

  it('keeps the mode of what it replaces, whatever the umask, but not setuid', async () => {
    for (const [before, after] of [
      [0o600, '600'],
      [0o664, '664'],
      [0o755, '755'],
      [0o4755, '755'],
      [0o2775, '775'],
    ] as const) {
      await writeFile(join(directory, 'file'), 'old');
      await chmod(join(directory, 'file'), before);
      await writeHere('new');
      assert.equal(await modeOf(join(directory, 'file')), after);
    }
  });

  it('keeps the owner of what it replaces', async function () {
    needRoot(this);
    await writeFile(join(directory, 'file'), 'old');
    await chown(join(directory, 'file'), 12345, 12346);
    await writeHere('new');
    const { uid, gid } = await stat(join(directory, 'file'));
    assert.deepEqual([uid, gid], [12345, 12346]);
  });

  it('leaves a file alone that its owner has made read-only', async function () {
    needOrdinaryUser(this);
    await writeFile(join(directory, 'file'), 'old', { mode: 0o444 });
    await assert.rejects(writeHere('new'), { code: 'POWER_FILE_UNWRITABLE' });
    assert.equal(await readFile(join(directory, 'file'), 'utf8'), 'old');
  });

  it('makes no directory, and says which file it could not write', async () => {
    const path = join(directory, 'missing/file');
    assert.match(
      await evaluate(scene, `return await host.writeFile(${JSON.stringify(path)}, '').catch((e) => e.message)`, { writeFile: [directory] }),
      /^Cannot write .*missing\/file: ENOENT$/,
    );
  });

  it('writes nothing once the call is over', async () => {
    await writeFile(join(directory, 'file'), 'old');
    const writing = writeFilePower(
      { path: join(directory, 'file'), text: 'new' },
      contextOf({ writeFile: [directory] }),
      callOf(AbortSignal.abort()),
    );
    await assert.rejects(writing, { code: 'POWER_CALL_OVER' });
    assert.equal(await readFile(join(directory, 'file'), 'utf8'), 'old');
    assert.deepEqual(await readdir(directory), ['file']);
  });
});
