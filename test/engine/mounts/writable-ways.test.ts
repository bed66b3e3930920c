import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, it } from 'mocha';
import type { RootWay } from '#engine/mounts/root-ways.js';
import { needFuse, needRoot, needTool } from '../../helpers/need.js';
import type { Answers, Lab, Who } from '../fixtures/container-lab.js';
import { describeForEach } from '../fixtures/each-who.js';
import { assertNothingLeft, findProcesses } from '../../helpers/leftovers.js';

const WAYS = ['kernel', 'fuse-overlayfs', 'copy'] as const satisfies RootWay[];

/** Changes of each kind: a new file, one that is more, one less, a directory in the place of another, a link. */
const CHANGE = `echo new >/srv/new; echo more >>/srv/file; rm /srv/gone; rm -r /srv/tree; mkdir /srv/tree; echo own >/srv/tree/own; ln -s file /srv/link`;
const LOOK = `cat /srv/new /srv/file /srv/link; ls -A /srv /srv/tree; stat -c '%a %u %g' /srv/new`;
const CHANGED = 'new\nfrom the image\nmore\nfrom the image\nmore\n/srv:\nfile\nlink\nnew\ntree\n\n/srv/tree:\nown\n';

describeForEach('what is written over an image', (lab, who) => {
  let image = '';
  let count = 0;
  beforeEach(async () => {
    count += 1;
    image = join(lab().directory, `files-${count}`);
    await cp(lab().image, image, { recursive: true, verbatimSymlinks: true });
    await mkdir(join(image, 'srv/tree/deep'), { recursive: true });
    for (const name of ['file', 'gone', 'tree/a', 'tree/deep/b']) await writeFile(join(image, 'srv', name), 'from the image\n');
    // The kernel's way copies up what belongs to the one who writes; so that root's files are no question here.
    if (who === 'user')
      for (const path of ['', 'etc', 'srv', ...(await readdir(join(image, 'srv'), { recursive: true })).map((name) => `srv/${name}`)])
        await lab().give(join(image, path));
  });

  const only = async (way: RootWay, more: Answers = {}): Promise<Answers> => {
    const images = join(lab().directory, 'images');
    await mkdir(images, { recursive: true, mode: 0o700 });
    await lab().give(images);
    return { avoid: WAYS.filter((other) => other !== way), images, fuse: true, debug: true, ...more };
  };
  /** A directory of whoever runs the containers. */
  const own = async (name: string): Promise<string> => {
    const directory = join(lab().directory, `${name}-${count}`);
    await mkdir(directory, { mode: 0o700 });
    await lab().give(directory);
    return directory;
  };
  const sh = (script: string) => ({ image, command: ['sh', '-ec', script] });
  const owner = (): string =>
    who === 'root' ? '0 0' : process.getuid?.() === 0 ? '60123 60123' : `${process.getuid?.()} ${process.getgid?.()}`;

  for (const way of WAYS) {
    it(`goes with the container by ${way}, and never to the image`, async function () {
      needFor(this, way);
      const before = await listAll(image);
      const { exitCode, stdout, stderr } = await lab().run(sh(`${CHANGE}; ${LOOK}`), await only(way));
      assert.equal(exitCode, 0, stderr);
      assert.equal(stdout, `${CHANGED}644 ${owner()}\n`);
      assert.match(stderr, new RegExp(`^DEBUG Over image ${image}: overlay by ${way}(?:;|$)`, 'm'));
      assert.deepEqual(await listAll(image), before);
      assert.match((await lab().run(sh('ls -A /srv'), await only(way))).stdout, /^file\ngone\ntree\n$/);
      await assertAllGone(lab());
    });

    it(`stays in a directory by ${way}, from one run to the next`, async function () {
      needFor(this, way);
      const before = await listAll(image);
      const writable = join(await own('container'), 'writable');
      const answers = await only(way, { writable });
      const first = await lab().run(sh(CHANGE), answers);
      assert.equal(first.exitCode, 0, first.stderr);
      assert.equal((await stat(writable)).mode & 0o777, 0o700);
      const second = await lab().run(sh(LOOK), answers);
      assert.deepEqual([second.exitCode, second.stdout], [0, `${CHANGED}644 ${owner()}\n`], second.stderr);
      // The root itself keeps what it was made with.
      assert.equal((await lab().run(sh(`stat -c '%a' /`), answers)).stdout, '755\n');
      const readOnly = await lab().run({ ...sh('ls -A /srv; touch /x 2>/dev/null || echo read-only'), readOnly: true }, answers);
      assert.equal(readOnly.stdout, 'file\ngone\ntree\nread-only\n', 'a read-only run has no layer');
      assert.deepEqual(await listAll(image), before);
      assert.deepEqual(
        (await readdir(writable)).filter((name) => name.startsWith('used.')),
        [],
      );
      await assertAllGone(lab());
      // Whoever ran it can remove it, also with what the kernel keeps in it.
      const [program = '', ...words] = [...becomeWho(who), 'rm', '-r', writable];
      execFileSync(program, words);
    });

    it(`is let go of by ${way} when the command line is killed, and is there at the next run`, async function () {
      needFor(this, way);
      const writable = await own('killed');
      const answers = await only(way, { writable });
      const running = lab().start(sh('echo new >/srv/new; echo up; exec sleep 1000'), answers);
      await running.printed('up');
      running.child.kill('SIGKILL');
      await running.outcome;
      const { exitCode, stdout, stderr } = await lab().run(sh('cat /srv/new'), answers);
      assert.deepEqual([exitCode, stdout], [0, 'new\n'], stderr);
      await assertAllGone(lab());
    });
  }

  it('stays by another way where its file system cannot be a layer of the kernel', async function () {
    needRoot(this);
    needFor(this, 'fuse-overlayfs');
    const writable = await own('on-overlay');
    // An overlay over it, in a mount namespace of each run: what was written goes to `below`, and is there again.
    const below = `${writable}.below`;
    for (const name of ['upper', 'work']) await mkdir(join(below, name), { recursive: true, mode: 0o700 });
    await lab().give(join(below, 'upper'));
    const prelude = `mount -t overlay overlay -o 'lowerdir=${writable},upperdir=${below}/upper,workdir=${below}/work' '${writable}'`;
    for (const way of ['fuse-overlayfs', 'copy'] as const) {
      const answers = {
        ...(await only(way, { writable: join(writable, way), prelude })),
        avoid: way === 'copy' ? ['fuse-overlayfs' as const] : [],
      };
      const first = await lab().run(sh(CHANGE), answers);
      assert.equal(first.exitCode, 0, first.stderr);
      assert.match(first.stderr, new RegExp(`overlay by ${way}; not by kernel: .*overlay`));
      const second = await lab().run(sh(LOOK), answers);
      assert.deepEqual([second.exitCode, second.stdout], [0, `${CHANGED}644 ${owner()}\n`], second.stderr);
    }
  });

  it('is written by one container at a time; others are told who', async () => {
    const writable = await own('busy');
    const running = lab().start(sh('echo up; read -r line'), { writable });
    await running.printed('up');
    const { exitCode, stderr } = await lab().run(sh('true'), { writable });
    assert.equal(exitCode, 255);
    assert.match(stderr, /^LAYER_BUSY .*another container writes to it\n$/);
    running.child.stdin?.end('go\n');
    assert.equal((await running.outcome).exitCode, 0);
    assert.equal((await lab().run(sh('true'), { writable })).exitCode, 0);
  });

  it('stays also over an image that is put together of mounts, and has no root of its own', async () => {
    const writable = await own('plan');
    const answers: Answers = {
      writable,
      image: { mounts: [{ type: 'tmpfs', destination: '/srv' }], links: { '/bin': 'usr/bin', '/lib': 'usr/lib', '/lib64': 'usr/lib64' } },
    };
    const first = await lab().run({ ...sh('mkdir /kept && echo new >/kept/new'), image: 'x1:' }, answers);
    assert.equal(first.exitCode, 0, first.stderr);
    const { exitCode, stdout, stderr } = await lab().run({ ...sh('cat /kept/new; ls -A /srv; readlink /bin'), image: 'x1:' }, answers);
    assert.deepEqual([exitCode, stdout], [0, 'new\nusr/bin\n'], stderr);
  });

  it('has no bound on a disk, and says so', async () => {
    const { exitCode, stderr } = await lab().run({ ...sh('true'), options: { rootSize: '1M' } }, { writable: await own('sized') });
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /^WARNING .*may be more than --root-size/);
  });

  it('is a copy where no layer can lie, and so it stays at the next run', async () => {
    const writable = await own('copied');
    const first = await lab().run(sh(CHANGE), await only('copy', { writable }));
    assert.equal(first.exitCode, 0, first.stderr);
    // All ways are open now, and the first of them would not see what was written.
    const second = await lab().run(sh(LOOK), { writable });
    assert.deepEqual([second.exitCode, second.stdout], [0, `${CHANGED}644 ${owner()}\n`], second.stderr);
  });

  it('is refused where nobody is to lay a layer, with the words of the kernel where it was asked', async () => {
    const { exitCode, stderr } = await lab().run(sh('true'), { avoid: WAYS });
    assert.equal(exitCode, 255);
    assert.match(stderr, /^OVERLAY_(?:DRIVER_MISSING|REFUSED) /);
  });

  const refused: [string, (directory: string) => Promise<void>, RegExp][] = [
    ['is a link', async (directory) => (await rm(directory, { recursive: true }), symlink(lab().image, directory)), /is not a directory/],
    [
      'holds a link in the place of its upper part',
      async (directory) => symlink('/etc', join(directory, 'upper')),
      /upper is not a directory/,
    ],
    [
      'is open to others',
      async (directory) => void (await import('node:fs/promises').then(({ chmod }) => chmod(directory, 0o777))),
      /others may write to it/,
    ],
  ];
  for (const [what, spoil, why] of refused) {
    it(`is not kept in a directory that ${what}`, async () => {
      const writable = await own('spoilt');
      await spoil(writable);
      const { exitCode, stderr } = await lab().run(sh('true'), { writable });
      assert.equal(exitCode, 255);
      assert.match(stderr, /^LAYER_UNUSABLE /);
      assert.match(stderr, why);
    });
  }
});

describeForEach('--overlay', (lab, who) => {
  let count = 0;
  const own = async (name: string): Promise<string> => {
    const directory = join(lab().directory, `${(count += 1)}-${name}`);
    await mkdir(directory, { mode: 0o755 });
    await lab().give(directory);
    return directory;
  };
  const layer = async (files: Readonly<Record<string, string>>, name = 'layer'): Promise<string> => {
    const directory = await own(name);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(directory, path, '..'), { recursive: true });
      await writeFile(join(directory, path), text);
      for (const given of [join(directory, path, '..'), join(directory, path)]) await lab().give(given);
    }
    return directory;
  };
  const run = (script: string, overlays: string[], more: Answers = {}, changes: object = {}) =>
    lab().run({ command: ['sh', '-c', script], options: { overlays }, ...changes }, more);

  it('keeps what is written in the upper part of a directory, as Apptainer has it', async () => {
    const directory = await own('changes');
    const first = await run('mkdir -p /srv && echo one >/srv/kept', [directory]);
    if (who === 'root') assert.equal(first.exitCode, 0, first.stderr);
    const place = who === 'root' ? '/srv' : '/etc';
    await lab().give(join(lab().image, 'etc'));
    assert.equal((await run(`echo one >${place}/kept`, [directory])).exitCode, 0);
    assert.equal((await run(`cat ${place}/kept`, [directory])).stdout, 'one\n');
    assert.equal(await readFile(join(directory, 'upper', place, 'kept'), 'utf8'), 'one\n');
    // Read by others, as many as there are.
    const readers = await Promise.all(
      [1, 2].map(() => run(`cat ${place}/kept; echo two >${place}/kept; cat ${place}/kept`, [`${directory}:ro`])),
    );
    assert.deepEqual(
      readers.map(({ stdout }) => stdout),
      ['one\ntwo\n', 'one\ntwo\n'],
    );
    assert.equal((await run(`cat ${place}/kept`, [directory])).stdout, 'one\n');
  });

  it('lies over the image in the order in which it is typed, the last on top', async function () {
    const [low, high] = [await layer({ 'opt/a': 'low\n', 'opt/b': 'low\n', 'opt/c/d': 'low\n' }), await layer({ 'opt/b': 'high\n' })];
    for (const avoid of [[], ['kernel']] as RootWay[][]) {
      if (avoid.length > 0) needFor(this, 'fuse-overlayfs');
      const { stdout, stderr } = await run('cat /opt/a /opt/b /opt/c/d', [`${low}:ro`, `${high}:ro`], { avoid, fuse: true });
      assert.equal(stdout, 'low\nhigh\nlow\n', stderr);
      const turned = await run('cat /opt/a /opt/b', [`${high}:ro`, `${low}:ro`], { avoid, fuse: true });
      assert.equal(turned.stdout, 'low\nlow\n', turned.stderr);
    }
    const readOnly = await run('cat /opt/b; touch /opt/x 2>/dev/null || echo read-only', [`${high}:ro`], {}, { readOnly: true });
    assert.equal(readOnly.stdout, 'high\nread-only\n', readOnly.stderr);
  });

  it('may have a path with what an option of mount(8) would be split by', async () => {
    const odd = await layer({ 'opt/odd': 'odd\n' }, 'a:b,c\\d e#f"g\'h=i');
    const written = await own('w:x,y\\z');
    await lab().give(join(lab().image, 'etc'));
    const script = 'cat /opt/odd; echo kept >/etc/odd';
    const { exitCode, stdout, stderr } = await run(script, [`${odd}:ro`, written]);
    assert.deepEqual([exitCode, stdout], [0, 'odd\n'], stderr);
    assert.equal(await readFile(join(written, 'upper/etc/odd'), 'utf8'), 'kept\n');
  });

  it('shows an image whose own path is such a one', async () => {
    const image = join(lab().directory, `i:m,a\\g e${(count += 1)}`);
    await cp(lab().image, image, { recursive: true, verbatimSymlinks: true });
    await lab().give(join(image, 'etc'));
    const { exitCode, stdout, stderr } = await run('echo new >/etc/new && cat /etc/new', [], {}, { image });
    assert.deepEqual([exitCode, stdout], [0, 'new\n'], stderr);
  });

  it('is seen where mounts go: a link in it leads inside the container', async () => {
    const directory = await own('links');
    for (const name of ['upper', 'work']) {
      await mkdir(join(directory, name));
      await lab().give(join(directory, name));
    }
    await symlink('/etc', join(directory, 'upper/data'));
    const source = await layer({ inside: 'bound\n' }, 'source');
    const { exitCode, stdout, stderr } = await run('cat /etc/inside; readlink /data', [directory], {}, { binds: [`${source}:/data:ro`] });
    assert.deepEqual([exitCode, stdout], [0, 'bound\n/etc\n'], stderr);
  });

  it('says so where a mount is to go to what was removed in it', async () => {
    const directory = await own('removed');
    const image = join(lab().directory, `with-data-${count}`);
    await cp(lab().image, image, { recursive: true, verbatimSymlinks: true });
    await mkdir(join(image, 'data'));
    for (const path of ['', 'data']) await lab().give(join(image, path));
    const first = await run('rmdir /data', [directory], {}, { image });
    assert.equal(first.exitCode, 0, first.stderr);
    const { exitCode, stderr } = await run('true', [directory], {}, { image, binds: [`${directory}:/data/deep:ro`] });
    assert.equal(exitCode, 255);
    assert.match(stderr, /^MOUNT_POINT_MISMATCH .*\/data\b.*it was removed from the image/);
  });

  const wrong: [string, (directory: string) => string[], object, RegExp][] = [
    ['twice to write', (directory) => [directory, `${directory}-2`], {}, /^OPTION_INVALID .*one can be written to/],
    ['with --read-only', (directory) => [directory], { readOnly: true }, /^OPTION_INVALID .*with --read-only nothing is written/],
    ['that is not there', (directory) => [`${directory}/none`], {}, /^LAYER_UNUSABLE .*there is no such directory/],
    ['that is empty', () => [':ro'], {}, /^OPTION_INVALID /],
  ];
  for (const [what, overlays, changes, why] of wrong) {
    it(`${what} is refused`, async () => {
      const { exitCode, stderr } = await run('true', overlays(await own('wrong')), {}, changes);
      assert.equal(exitCode, 255);
      assert.match(stderr, why);
      assert.deepEqual(await readdir(lab().runDirectory), []);
    });
  }

  it('is refused where the operator has nothing laid over an image', async () => {
    const { stderr } = await run('true', [`${await own('no')}:ro`], { overlay: 'no' });
    assert.match(stderr, /^OVERLAY_DISABLED /);
  });
});

describeForEach('--tmpfs', (lab) => {
  it('is an empty directory in memory, of a size, in words of Docker too', async () => {
    const options = { tmpfs: ['/etc/a', '/etc/b:1M', '/etc/c:rw,size=2M,nosuid'] };
    const script = `for d in a b c; do ls -A /etc/$d; echo x >/etc/$d/x; done; grep -o '/etc/[abc] .*size=[0-9]*k' /proc/self/mountinfo | sed 's/ .*size/ size/'`;
    const { exitCode, stdout, stderr } = await lab().run({ command: ['sh', '-ec', script], options });
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /\/etc\/b size=1024k\n\/etc\/c size=2048k\n$/);
  });

  for (const [typed, why] of [
    ['/a:1M,2M', /"2M" is more than a size/],
    ['/a:noexec', /"noexec" is more than a size/],
    ['/a:size=1', /at least 4096 bytes/],
    ['a', /must be an absolute path/],
  ] as const) {
    it(`is not ${typed}`, async () => {
      const { exitCode, stderr } = await lab().run({ options: { tmpfs: [typed] } });
      assert.equal(exitCode, 255);
      assert.match(stderr, why);
    });
  }
});

function becomeWho(who: Who): string[] {
  return who === 'user' && process.getuid?.() === 0 ? ['setpriv', '--reuid=60123', '--regid=60123', '--clear-groups', '--'] : [];
}

function needFor(context: Mocha.Context, way: RootWay): void {
  if (way !== 'fuse-overlayfs') return;
  needTool(context, way);
  needFuse(context);
}

/** Names, sizes and times of all that is in a directory. */
async function listAll(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  const describeOne = async (name: string): Promise<string> => {
    const { mode, size, mtimeMs } = await lstat(join(directory, name));
    return [name, mode, size, mtimeMs].join(' ');
  };
  return Promise.all(names.toSorted().map(describeOne));
}

async function assertAllGone(lab: Lab): Promise<void> {
  for (let tries = 0; tries < 500 && findProcesses({ word: lab.runDirectory }).length > 0; tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  await assertNothingLeft(lab);
  assert.deepEqual(await readdir(join(lab.directory, 'images')).catch(() => []), []);
}
