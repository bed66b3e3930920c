import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, beforeEach, describe, it } from 'mocha';
import { copy, openContainer, readOutput, stopContainer, writeState, type Container } from '#containers/containers.js';
import { needTool, needUserNamespaces } from '../../helpers/need.js';
import { makeRootfs } from '../../helpers/rootfs.js';
import { openShelf, type Shelf } from '../fixtures/shelf.js';

describe('copying from and to a container', () => {
  let shelf: Shelf;
  let container: Container;
  let directory: string;
  /** The container's root, as the host sees it. */
  let inside: string;
  let host: string;

  before(async function () {
    needTool(this, 'setpriv');
    needUserNamespaces(this);
    directory = await realpath(await mkdtemp(join(tmpdir(), 'copy-')));
    inside = await makeRootfs(join(directory, 'rootfs'));
    execFileSync('mkfifo', [join(inside, 'fifo')]);
    shelf = await openShelf();
    const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    container = await shelf.start(['unshare', ...user, `--root=${inside}`, '/bin/sh', '-c', 'echo ready; cat /fifo'], { name: 'web' });
    // Before that its root is still the host's.
    while ((await readOutput(container.place, { follow: false, warn: assert.fail }).next()).done === true) await delay(5);
  });
  after(async () => {
    await shelf?.close();
    await rm(directory, { recursive: true, force: true });
  });
  beforeEach(async () => {
    host = await mkdtemp(join(directory, 'host-'));
    await rm(join(inside, 'data'), { recursive: true, force: true });
    await mkdir(join(inside, 'data'));
  });

  async function toContainer(source: string, destination: string, followLink = false): Promise<string[]> {
    const told: string[] = [];
    await copy(
      { path: join(host, source) + trailing(source) },
      { container, path: destination },
      { followLink, warn: (line) => told.push(line) },
    );
    return told;
  }

  async function fromContainer(source: string, destination: string, followLink = false): Promise<string[]> {
    const told: string[] = [];
    const path = join(host, destination) + trailing(destination);
    await copy({ container, path: source }, { path }, { followLink, warn: (line) => told.push(line) });
    return told;
  }

  it('a file goes to a new name, over a file, and into a directory, with its mode and time', async () => {
    await writeFile(join(host, 'a'), 'one');
    await chmod(join(host, 'a'), 0o754);
    await toContainer('a', '/data/b');
    const [from, to] = [await stat(join(host, 'a')), await stat(join(inside, 'data/b'))];
    assert.equal(to.mode & 0o7777, 0o754);
    assert.equal(to.mtime.getTime(), from.mtime.getTime());
    await writeFile(join(host, 'a'), 'two!');
    await toContainer('a', 'data/b');
    await toContainer('a', '/data');
    for (const name of ['a', 'b']) assert.equal(await readFile(join(inside, 'data', name), 'utf8'), 'two!');
    await fromContainer('/data/b', 'c');
    await fromContainer('/etc/marker', '.');
    assert.equal(await readFile(join(host, 'c'), 'utf8'), 'two!');
    assert.equal(await readFile(join(host, 'marker'), 'utf8'), 'from the image\n');
  });

  it('a directory goes to a new name, into a directory, and with /. its contents alone', async () => {
    await mkdir(join(host, 'tree/deep'), { recursive: true });
    await writeFile(join(host, 'tree/deep/file'), 'x');
    await writeFile(Buffer.concat([Buffer.from(join(host, 'tree/')), Buffer.from([0xff, 0xfe])]), 'not UTF-8');
    await symlink('/etc/passwd', join(host, 'tree/link'));
    await chmod(join(host, 'tree/deep'), 0o711);
    await toContainer('tree', '/data/new');
    await toContainer('tree', '/data/');
    await toContainer('tree/.', '/data');
    for (const path of ['data/new', 'data/tree', 'data']) {
      assert.equal(await readFile(join(inside, path, 'deep/file'), 'utf8'), 'x');
      assert.equal(await readlink(join(inside, path, 'link')), '/etc/passwd');
      assert.equal((await stat(join(inside, path, 'deep'))).mode & 0o777, 0o711);
      assert.ok((await readdir(join(inside, path), { encoding: 'buffer' })).some((name) => name.equals(Buffer.from([0xff, 0xfe]))));
    }
    await fromContainer('/data/tree', 'back');
    assert.equal(await readFile(join(host, 'back/deep/file'), 'utf8'), 'x');
  });

  it('what makes no sense is refused', async () => {
    await mkdir(join(host, 'tree'));
    await writeFile(join(host, 'a'), '');
    await assert.rejects(toContainer('missing', '/data'), { code: 'PATH_NOT_FOUND' });
    await assert.rejects(toContainer('a', '/missing/deep/b'), { code: 'PATH_NOT_FOUND' });
    await assert.rejects(toContainer('a', '/data/new/'), { code: 'PATH_NOT_FOUND' });
    await assert.rejects(toContainer('tree', '/etc/marker'), { code: 'COPY_REFUSED' });
    await assert.rejects(toContainer('a/.', '/data'), { code: 'COPY_REFUSED' });
    await assert.rejects(fromContainer('/etc/marker/x', '.'), { code: 'PATH_NOT_FOUND' });
  });

  it('links in a container lead nowhere but into it', async () => {
    await writeFile(join(host, 'secret'), 'of the host');
    const outside = join(host, 'outside');
    await mkdir(outside);
    await symlink(join(host, 'secret'), join(inside, 'data/absolute'));
    await symlink(`../../../../../../..${host}/secret`, join(inside, 'data/relative'));
    await symlink(outside, join(inside, 'data/directory'));
    await symlink('/etc', join(inside, 'data/etc'));
    for (const name of ['absolute', 'relative', 'directory/x', '../../../../../../../../..' + join(host, 'secret')]) {
      await assert.rejects(fromContainer(`/data/${name}`, 'got', true), { code: 'PATH_NOT_FOUND' }, name);
    }
    await assert.rejects(toContainer('secret', '/data/directory/x'), { code: 'PATH_NOT_FOUND' });
    await assert.rejects(toContainer('secret', '/data/directory'), { code: 'PATH_NOT_FOUND' });
    assert.deepEqual(await readdir(outside), []);
    await fromContainer('/data/etc/marker', 'marker');
    assert.equal(await readFile(join(host, 'marker'), 'utf8'), 'from the image\n');
    // As they are, where they are not to be followed.
    await fromContainer('/data/absolute', 'link');
    assert.equal(await readlink(join(host, 'link')), join(host, 'secret'));
  });

  it('a link in the midst of a tree that is written over is replaced, not followed', async () => {
    await mkdir(join(host, 'tree/sub'), { recursive: true });
    await writeFile(join(host, 'tree/file'), 'new');
    await writeFile(join(host, 'tree/sub/file'), 'new');
    await writeFile(join(host, 'victim'), 'old');
    await mkdir(join(host, 'victims'));
    await symlink(join(host, 'victim'), join(inside, 'data/file'));
    await toContainer('tree/file', '/data/tree-file');
    await rm(join(host, 'tree/sub'), { recursive: true });
    await toContainer('tree/.', '/data');
    assert.equal(await readFile(join(host, 'victim'), 'utf8'), 'old');
    assert.equal(await readFile(join(inside, 'data/file'), 'utf8'), 'new');
    await mkdir(join(host, 'tree/sub'));
    await writeFile(join(host, 'tree/sub/file'), 'new');
    await symlink(join(host, 'victims'), join(inside, 'data/sub'));
    await assert.rejects(toContainer('tree/.', '/data'), { code: 'COPY_REFUSED' });
    assert.deepEqual(await readdir(join(host, 'victims')), []);
  });

  it('a container that swaps a directory for a link all the time never gets a file out of it', async () => {
    const outside = join(host, 'outside');
    await mkdir(outside);
    await writeFile(join(host, 'a'), 'x');
    const swap = join(inside, 'data');
    await mkdir(join(swap, 'real'));
    await symlink(outside, join(swap, 'link'));
    const script = `cd "$0" && echo swapping && while :; do mv -T real now; mv -T now real; mv -T link now; mv -T now link; done`;
    const swapper = spawn('sh', ['-c', script, swap], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(swapper.stdout, 'data');
    const outcomes = { copied: 0, refused: 0 };
    try {
      const deadline = performance.now() + 60_000;
      while ((outcomes.copied === 0 || outcomes.refused === 0) && performance.now() < deadline) {
        await toContainer('a', '/data/now/a').then(
          () => (outcomes.copied += 1),
          () => (outcomes.refused += 1),
        );
      }
    } finally {
      swapper.kill('SIGKILL');
      await once(swapper, 'exit');
    }
    assert.ok(outcomes.copied > 0 && outcomes.refused > 0, JSON.stringify(outcomes));
    assert.deepEqual(await readdir(outside), []);
  });

  it('setuid and setgid stay behind, and so do devices, sockets and FIFOs', async () => {
    await mkdir(join(inside, 'data/tree'));
    await writeFile(join(inside, 'data/tree/program'), '');
    await chmod(join(inside, 'data/tree/program'), 0o6755);
    execFileSync('mkfifo', [join(inside, 'data/tree/pipe')]);
    const told = await fromContainer('/data/tree', 'tree');
    assert.equal((await lstat(join(host, 'tree/program'))).mode & 0o7777, 0o755);
    assert.deepEqual(await readdir(join(host, 'tree')), ['program']);
    assert.match(told.join('\n'), /^\/data\/tree\/pipe is neither a file, a directory nor a link/);
  });

  it('holes stay holes', async () => {
    execFileSync('truncate', ['--size=64M', join(host, 'sparse')]);
    await toContainer('sparse', '/data/sparse');
    const { size, blocks } = await stat(join(inside, 'data/sparse'));
    assert.equal(size, 64 * 1_048_576);
    assert.ok(blocks * 512 < 1_048_576, `${blocks} blocks`);
  });

  it('a tree is not copied into itself without end', async () => {
    // The same directory seen from two sides, as with a bind.
    const told: string[] = [];
    const path = join(inside, 'data');
    await writeFile(join(inside, 'data/file'), 'x');
    await copy({ path }, { container, path: '/data/copy' }, { followLink: false, warn: (line) => told.push(line) });
    assert.deepEqual((await readdir(join(inside, 'data/copy'))).toSorted(), ['file']);
    assert.match(told.join(), /is what is being written/);
  });

  it('needs a container that runs, and the very process that was recorded', async () => {
    const other = await shelf.start(['sh', '-c', 'while :; do sleep 0.02; done']);
    const { command } = other.state;
    assert.ok(command);
    const stale: Container = { ...other, state: { ...other.state, command: { ...command, startTicks: '1' } } };
    await assert.rejects(copy({ container: stale, path: '/etc' }, { path: host }, { followLink: false, warn: assert.fail }), {
      code: 'COPY_NEEDS_RUNNING',
    });
    await stopContainer(other.place, { signal: 9, timeoutMs: 10_000 });
    const stopped = await openContainer(other.place);
    await writeState(other.place, { status: 'stopped', exitCode: 0 });
    await assert.rejects(copy({ container: stopped, path: '/etc' }, { path: host }, { followLink: false, warn: assert.fail }), {
      code: 'COPY_NEEDS_RUNNING',
    });
  });
});

/** `join` takes it away. */
function trailing(path: string): string {
  return /\/\.?$/.exec(path)?.[0].replace(/^\/$/, '') ?? '';
}
