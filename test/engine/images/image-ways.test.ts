import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chown, cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, it } from 'mocha';
import type { RootWay } from '#engine/mounts/root-ways.js';
import { needFuse, needTool } from '../../helpers/need.js';
import type { Answers, Lab, Who } from '../fixtures/container-lab.js';
import { describeForEach } from '../fixtures/each-who.js';
import { makeExt4, makeSif } from '../drivers/images.js';
import { assertNothingLeft, findProcesses } from '../../helpers/leftovers.js';

const WAYS = {
  squashfs: { root: ['kernel', 'squashfuse_ll', 'squashfuse', 'unpack'], user: ['squashfuse_ll', 'squashfuse', 'unpack'] },
  ext3: { root: ['kernel', 'fuse2fs'], user: ['fuse2fs'] },
} as const satisfies Record<string, Record<Who, RootWay[]>>;

/** What must be installed for a way. */
const PROGRAMS: Partial<Record<RootWay, string>> = {
  squashfuse_ll: 'squashfuse_ll',
  squashfuse: 'squashfuse',
  unpack: 'unsquashfs',
  fuse2fs: 'fuse2fs',
};

/** What a container sees of the image, and what it can do to it. */
const LOOK = `cat /etc/marker /etc/link; stat -c '%a %u %g' /etc/marker /etc/locked; rm /etc/gone && ! [ -e /etc/gone ] && echo removed
rm -r /srv/tree && mkdir /srv/tree && ls -A /srv/tree && echo new >/srv/tree/new && cat /srv/tree/new; echo more >>/etc/marker && cat /etc/marker`;

describeForEach('a file system in a file', (lab, who) => {
  let files = '';
  before(async () => {
    files = join(lab().directory, 'files');
    await cp(lab().image, files, { recursive: true, verbatimSymlinks: true });
    for (const name of ['srv/tree/a', 'srv/tree/b']) await mkdir(join(files, name), { recursive: true });
    await writeFile(join(files, 'etc/marker'), 'from the image\n', { mode: 0o644 });
    await writeFile(join(files, 'etc/locked'), 'secret\n', { mode: 0o600 });
    await writeFile(join(files, 'etc/gone'), '');
    await symlink('marker', join(files, 'etc/link'));
  });

  const makeImage = async (need: keyof typeof WAYS, name: string): Promise<string> => {
    const directory = join(lab().directory, name);
    await mkdir(directory);
    if (need === 'ext3') return giveToRoot(await makeExt4(directory, files), files);
    const file = join(directory, 'image.squashfs');
    execFileSync('mksquashfs', [files, file, '-noappend', '-quiet', '-no-progress', '-all-root'], { stdio: 'ignore' });
    return file;
  };
  const only = (need: keyof typeof WAYS, way: RootWay, images: string): Answers => {
    const others: readonly RootWay[] = WAYS[need].root;
    return { avoid: others.filter((other) => other !== way), images, fuse: true, debug: true };
  };
  const places = async (name: string): Promise<string> => {
    const images = join(lab().directory, name);
    await mkdir(images, { mode: 0o700 });
    await lab().give(images);
    return images;
  };

  for (const need of ['squashfs', 'ext3'] as const) {
    for (const way of WAYS[need][who]) {
      it(`that is ${need} is shown by ${way}: the same files, owners and modes, writable and not, and nothing stays`, async function () {
        for (const tool of ['mksquashfs', 'mke2fs', PROGRAMS[way] ?? 'sh']) needTool(this, tool);
        if (way !== 'kernel' && way !== 'unpack') needFuse(this);
        const image = await makeImage(need, `${need}-${way}`);
        const answers = only(need, way, await places(`images-${need}-${way}`));
        const { exitCode, stdout, stderr } = await lab().run({ image, command: ['sh', '-c', LOOK] }, answers);
        assert.equal(exitCode, 0, stderr);
        const owner = who === 'root' ? '0 0' : idInside();
        assert.equal(stdout, `from the image\nfrom the image\n644 ${owner}\n600 ${owner}\nremoved\nnew\nfrom the image\nmore\n`, stderr);
        assert.match(stderr, new RegExp(`^DEBUG Image ${image}: ${need} by ${way}(?:;|$)`, 'm'));
        const again = await lab().run(
          { image, command: ['sh', '-c', 'cat /etc/marker; touch /x 2>&1 || ls /srv/tree'], readOnly: true },
          answers,
        );
        assert.equal(again.exitCode, 0, again.stderr);
        assert.match(again.stdout, /^from the image\ntouch: .*ead-only.*\na\nb\n$/);
        await assertAllGone(lab(), image);
      });

      it(`that is ${need} and shown by ${way} leaves nothing after SIGKILL of the command line`, async function () {
        for (const tool of ['mksquashfs', 'mke2fs', PROGRAMS[way] ?? 'sh']) needTool(this, tool);
        if (way !== 'kernel' && way !== 'unpack') needFuse(this);
        const image = await makeImage(need, `killed-${need}-${way}`);
        const images = await places(`images-killed-${need}-${way}`);
        const answers = only(need, way, images);
        const running = lab().start({ image, command: ['sh', '-c', 'echo up; exec sleep 1000'] }, answers);
        await running.printed('up');
        running.child.kill('SIGKILL');
        await running.outcome;
        await until(async () => findProcesses({ word: image }).length === 0 && findProcesses({ word: lab().runDirectory }).length === 0);
        const next = await lab().run({ image }, answers);
        assert.equal(next.exitCode, 0, next.stderr);
        assert.match(next.stderr, /DEBUG Removed what the killed container/);
        await assertAllGone(lab(), image);
        if (way === 'unpack') await assertUnused(join(images, 'unpacked'), 1);
      });
    }
  }

  it('takes the next way where one cannot be, and says why', async function () {
    needTool(this, 'mksquashfs');
    needTool(this, 'unsquashfs');
    const image = await makeImage('squashfs', 'next');
    const answers: Answers = { avoid: ['squashfuse'], images: await places('images-next'), debug: true };
    // Nobody opens /dev/fuse here: root has it all the same.
    const { exitCode, stderr } = await lab().run({ image }, { ...answers, avoid: [...(answers.avoid ?? []), 'squashfuse_ll', 'kernel'] });
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /squashfs by unpack; not by kernel: it shall not be taken; squashfuse_ll: it shall not be taken;/);
  });

  it('is refused where no way is left, with what to install', async function () {
    needTool(this, 'mksquashfs');
    const image = await makeImage('squashfs', 'no-way');
    const { exitCode, stderr } = await lab().run({ image }, { avoid: ['kernel', 'squashfuse_ll', 'squashfuse'] });
    assert.equal(exitCode, 255);
    assert.match(stderr, /^IMAGE_NEEDS_DRIVER .*unpack: there is no place to unpack it in\)/);
  });

  it('that is damaged is refused by every way, with the words of the first', async function () {
    needTool(this, 'mksquashfs');
    const image = await makeImage('squashfs', 'damaged');
    const bytes = await readFile(image);
    await writeFile(image, bytes.fill(0x55, 100));
    const { exitCode, stderr } = await lab().run({ image }, { images: await places('images-damaged'), fuse: true });
    assert.equal(exitCode, 255);
    assert.match(stderr, /^(?:MOUNT_FAILED|IMAGE_DRIVER_FAILED|IMAGE_UNPACK_FAILED|IMAGE_INVALID) /);
    await assertAllGone(lab(), image);
    assert.deepEqual(await readdir(join(lab().directory, 'images-damaged/unpacked')).catch(() => []), []);
  });

  it('in a SIF file is shown by each way from where it stands there', async function () {
    for (const tool of ['mksquashfs', 'siftool', 'squashfuse_ll', 'unsquashfs']) needTool(this, tool);
    needFuse(this);
    const directory = join(lab().directory, 'in-sif');
    await mkdir(directory);
    const image = makeSif(directory, await makeImage('squashfs', 'for-sif'));
    const images = await places('images-in-sif');
    for (const way of WAYS.squashfs[who]) {
      const { stdout, stderr } = await lab().run({ image, command: ['cat', '/etc/marker'] }, only('squashfs', way, images));
      assert.equal(stdout, 'from the image\n', `${way}: ${stderr}`);
    }
    await assertAllGone(lab(), image);
  });

  if (who === 'root') {
    it('keeps its files to their owners, whatever shows it', async function () {
      for (const tool of ['mksquashfs', 'squashfuse_ll', 'squashfuse', 'unsquashfs']) needTool(this, tool);
      await chown(join(files, 'etc/locked'), 1234, 1234);
      const directory = join(lab().directory, 'owners');
      await mkdir(directory);
      const image = join(directory, 'image.squashfs');
      execFileSync('mksquashfs', [files, image, '-noappend', '-quiet', '-no-progress'], { stdio: 'ignore' });
      const images = await places('images-owners');
      for (const way of WAYS.squashfs.root) {
        for (const [user, said] of [
          ['1234:1234', /^1234 1234\nsecret\n$/],
          ['4321:4321', /^1234 1234\nno\n$/],
        ] as const) {
          const command = ['sh', '-c', `stat -c '%u %g' /etc/locked; cat /etc/locked 2>/dev/null || echo no`];
          const { stdout, stderr } = await lab().run({ image, command, options: { user } }, only('squashfs', way, images));
          assert.match(stdout, said, `${way} as ${user}: ${stderr}`);
        }
      }
      await chown(join(files, 'etc/locked'), 0, 0);
    });
  }
});

describeForEach('what unsquashfs unpacked', (lab) => {
  it('is used again by the next run, at the same time too, and goes when the file has changed', async function () {
    for (const tool of ['mksquashfs', 'unsquashfs']) needTool(this, tool);
    const image = join(lab().directory, 'a.squashfs');
    const pack = (): unknown =>
      execFileSync('mksquashfs', [lab().image, image, '-noappend', '-quiet', '-no-progress', '-all-root'], { stdio: 'ignore' });
    pack();
    const images = join(lab().directory, 'images');
    await mkdir(images, { mode: 0o700 });
    await lab().give(images);
    const answers: Answers = { avoid: ['kernel', 'squashfuse_ll', 'squashfuse'], images };
    const runs = await Promise.all(Array.from({ length: 3 }, () => lab().run({ image, command: ['ls', '-d', '/etc'] }, answers)));
    assert.deepEqual(
      runs.map(({ stdout, stderr }) => stdout + stderr),
      ['/etc\n', '/etc\n', '/etc\n'],
    );
    const first = await assertUnused(join(images, 'unpacked'), 1);
    await lab().run({ image }, answers);
    assert.deepEqual(await assertUnused(join(images, 'unpacked'), 1), first);
    const running = lab().start(
      { image, command: ['sh', '-c', 'echo up; read -r line; cat /usr/bin/env >/dev/null && ls -d /etc'] },
      answers,
    );
    await running.printed('up');
    pack();
    assert.equal((await lab().run({ image }, answers)).exitCode, 0);
    assert.equal((await readdir(join(images, 'unpacked'))).length, 2, 'one is still in use');
    running.child.stdin?.end('go\n');
    assert.match((await running.outcome).stdout, /\/etc\n$/);
    pack();
    assert.equal((await lab().run({ image }, answers)).exitCode, 0);
    assert.notDeepEqual(await assertUnused(join(images, 'unpacked'), 1), first);
  });
});

/** mksquashfs is told so; mke2fs takes the owners as they are, and whoever is not root has no others. */
async function giveToRoot(image: string, files: string): Promise<string> {
  const names = await readdir(files, { recursive: true });
  const commands = names.flatMap((name) => ['uid', 'gid'].map((field) => `set_inode_field /${name} ${field} 0`));
  execFileSync('/sbin/debugfs', ['-w', '-f', '-', image], { input: `${commands.join('\n')}\n`, stdio: ['pipe', 'ignore', 'ignore'] });
  return image;
}

function idInside(): string {
  const [uid, gid] = process.getuid?.() === 0 ? [60_123, 60_123] : [process.getuid?.(), process.getgid?.()];
  return `${uid} ${gid}`;
}

async function assertAllGone(lab: Lab, image: string): Promise<void> {
  await assertNothingLeft({ ...lab, word: image });
  await until(async () => !(await findLoopFiles()).includes(image));
}

/** What loop devices of this machine show. */
async function findLoopFiles(): Promise<string[]> {
  const devices = (await readdir('/sys/block').catch(() => [])).filter((name) => name.startsWith('loop'));
  const read = (name: string): Promise<string> => readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => '');
  return (await Promise.all(devices.map(read))).map((text) => text.trim());
}

/** Directories that were unpacked, of which none is in use. */
async function assertUnused(directory: string, count: number): Promise<string[]> {
  const kept = await readdir(directory);
  assert.equal(kept.length, count, kept.join(' '));
  for (const name of kept) assert.deepEqual((await readdir(join(directory, name))).toSorted(), ['image', 'source']);
  return kept;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('It did not come to be');
}
