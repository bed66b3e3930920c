import assert from 'node:assert/strict';
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openDirectoryImage } from '#engine/images/directory.js';
import { createVolume } from '#engine/engine.js';
import { fillVolume } from '#engine/volumes/fill.js';
import { openHeldVolumes } from '#engine/volumes/hold.js';
import { nameOwner } from '#engine/volumes/owner.js';
import { needOrdinaryUser, needRoot } from '../helpers/need.js';

const KILLED = (): string => nameOwner().replace(/\.\d+\.(\d+)\./, '.4194303.$1.');

describe('a new volume', () => {
  let root: string;
  let directory: string;
  let image: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'filling-'));
    directory = join(root, 'volumes');
    image = join(root, 'image');
    await mkdir(join(image, 'srv/deep'), { recursive: true });
    await writeFile(join(image, 'srv/file'), 'from the image', { mode: 0o640 });
    await writeFile(join(image, 'srv/deep/tool'), 'tool', { mode: 0o755 });
    await chmod(join(image, 'srv/deep/tool'), 0o4755);
    await symlink('/etc/passwd', join(image, 'srv/link'));
    await chmod(join(image, 'srv'), 0o751);
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  async function fill({ at = '/srv', of = image, stop = new AbortController().signal } = {}): Promise<string> {
    const { name, path: data } = await createVolume(directory, 'cache');
    await fillVolume({ name, path: dirname(data) }, { image: await openDirectoryImage(of), destination: at, stop });
    return data;
  }

  const namesOf = async (path: string): Promise<string[]> => (await readdir(path)).toSorted();

  it('has what the image has there: files, directories, links, modes; without setuid', async () => {
    const data = await fill();
    assert.deepEqual(await namesOf(data), ['deep', 'file', 'link']);
    assert.equal(await readFile(join(data, 'file'), 'utf8'), 'from the image');
    assert.equal(await readlink(join(data, 'link')), '/etc/passwd');
    const modeOf = async (name: string): Promise<number> => (await stat(join(data, name))).mode & 0o7777;
    assert.deepEqual([await modeOf('file'), await modeOf('deep/tool'), (await modeOf('.')) & 0o077], [0o640, 0o755, 0o051]);
    assert.deepEqual(await namesOf(dirname(data)), ['data', 'uses', 'volume.json']);
  });

  it('is filled once: what is removed from it stays so, and another image adds nothing', async () => {
    const data = await fill();
    await rm(join(data, 'file'));
    await fill();
    assert.deepEqual(await namesOf(data), ['deep', 'link']);
    for (const name of await readdir(data)) await rm(join(data, name), { recursive: true });
    await fill();
    assert.deepEqual(await readdir(data), []);
  });

  it('stays as it is where somebody has put something into it before', async () => {
    const { path } = await createVolume(directory, 'cache');
    await writeFile(join(path, 'own'), '');
    assert.deepEqual(await namesOf(await fill()), ['own']);
  });

  it('stays empty where the image has no such directory, or a file', async () => {
    for (const at of ['/nowhere', '/srv/file', '/srv/file/below']) {
      assert.deepEqual(await readdir(await fill({ at }).catch(explainMismatch)), [], at);
      await rm(directory, { recursive: true });
    }
  });

  /** That such a mount cannot be is said where the root is planned. */
  function explainMismatch(error: { code?: string }): Promise<string> {
    assert.equal(error.code, 'MOUNT_POINT_MISMATCH');
    return Promise.resolve(join(directory, 'cache/data'));
  }

  it('follows links of the image inside of it alone', async () => {
    await mkdir(join(image, 'etc'));
    await writeFile(join(image, 'etc/inside'), '');
    await symlink('/etc', join(image, 'absolute'));
    await symlink('../../../../../../etc', join(image, 'climbing'));
    for (const at of ['/absolute', '/climbing']) {
      assert.deepEqual(await readdir(await fill({ at })), ['inside'], at);
      await rm(directory, { recursive: true });
    }
  });

  it('takes nothing of the host where the image changes under its hands', async () => {
    // Whoever may write to the image swaps a directory for a link to one of the host, again and again.
    const secret = join(root, 'secret');
    await mkdir(secret);
    await writeFile(join(secret, 'tool'), 'of the host');
    const deep = join(image, 'srv/deep');
    await symlink(secret, join(image, 'srv/other'));
    let isOver = false;
    const swap = async (): Promise<void> => {
      while (!isOver) {
        await rename(deep, join(image, 'aside'));
        await symlink(secret, deep);
        await rm(deep);
        await rename(join(image, 'aside'), deep);
      }
    };
    const swapping = swap();
    try {
      for (let round = 0; round < 15; round++) {
        const data = await fill();
        const found = await lstat(join(data, 'deep')).catch(() => undefined);
        if (found?.isDirectory())
          for (const name of await readdir(join(data, 'deep'))) assert.equal(await readFile(join(data, 'deep', name), 'utf8'), 'tool');
        await rm(directory, { recursive: true });
      }
    } finally {
      isOver = true;
      await swapping;
    }
  });

  it('is filled anew where whoever filled it was killed, and never seen half', async () => {
    const { path: data } = await createVolume(directory, 'cache');
    const volume = dirname(data);
    await rename(join(volume, 'new'), join(volume, `filling.${KILLED()}`));
    await mkdir(join(volume, 'fresh'));
    await writeFile(join(volume, 'fresh/half'), 'h');
    await Promise.all([fill(), fill(), fill()]);
    assert.deepEqual(await namesOf(data), ['deep', 'file', 'link']);
    assert.deepEqual(await namesOf(volume), ['data', 'uses', 'volume.json']);
  });

  it('is waited for by all others that are to see it', async () => {
    const { path: data } = await createVolume(directory, 'cache');
    const volume = dirname(data);
    const busy = join(volume, `filling.${nameOwner()}`);
    await rename(join(volume, 'new'), busy);
    let isThere = false;
    const waiting = fill().then(() => (isThere = true));
    const stop = new AbortController();
    const given = fill({ stop: stop.signal });
    stop.abort(new Error('enough'));
    await assert.rejects(given, /enough/);
    assert.equal(isThere, false);
    await rm(busy);
    await waiting;
  });

  it('can be filled by the next one where it could not be by this one', async () => {
    const { path: data } = await createVolume(directory, 'cache');
    const volume = { name: 'cache', path: dirname(data) };
    const gone = { ...(await openDirectoryImage(image)), path: join(root, 'gone') };
    const { signal } = new AbortController();
    await rm(data, { recursive: true });
    await assert.rejects(fillVolume(volume, { image: gone, destination: '/srv', stop: signal }), { code: 'VOLUME_NOT_FILLED' });
    await mkdir(data);
    assert.deepEqual(await namesOf(await fill()), ['deep', 'file', 'link']);
  });

  it('keeps owners for root', async function () {
    needRoot(this);
    await chown(join(image, 'srv/file'), 1234, 1235);
    await chown(join(image, 'srv'), 7, 8);
    const data = await fill();
    const [file, top] = [await stat(join(data, 'file')), await stat(data)];
    assert.deepEqual([file.uid, file.gid, top.uid, top.gid], [1234, 1235, 7, 8]);
  });

  it('leaves out what an ordinary user may not read', async function () {
    needOrdinaryUser(this);
    await chmod(join(image, 'srv/file'), 0);
    await chmod(join(image, 'srv/deep'), 0);
    const data = await fill();
    assert.deepEqual(await namesOf(data), ['deep', 'link']);
    await chmod(join(image, 'srv/deep'), 0o755);
  });

  it('that a configuration shows is filled before the container, and one that is not new costs nothing', async () => {
    const held = openHeldVolumes(directory);
    const mount = { type: 'bind' as const, source: join(directory, 'cache/data'), destination: '/srv' };
    await held.hold({ mounts: [mount, { ...mount, destination: '/nowhere' }] });
    await held.fill(await openDirectoryImage(image), new AbortController().signal);
    assert.deepEqual(await namesOf(mount.source), ['deep', 'file', 'link']);
    await link(join(mount.source, 'file'), join(mount.source, 'second'));
    await held.fill(await openDirectoryImage(image), new AbortController().signal);
    assert.equal((await readdir(mount.source)).length, 4);
    await held.close();
  });
});
