/** `--overlay FILE:ro`: file systems in files that lie over the image. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'mocha';
import type { RootWay } from '#engine/mounts/root-ways.js';
import { needFuse, needTool } from '../../helpers/need.js';
import { assertNothingLeft, findProcesses } from '../../helpers/leftovers.js';
import { makeExt4 } from '../drivers/images.js';
import type { Answers } from '../fixtures/container-lab.js';
import { describeForEach } from '../fixtures/each-who.js';

describeForEach('--overlay with a file', (lab, who) => {
  let count = 0;
  const place = async (name: string): Promise<string> => {
    const directory = join(lab().directory, `${(count += 1)}-${name}`);
    await mkdir(directory);
    return directory;
  };
  const tree = async (files: Readonly<Record<string, string>>): Promise<string> => {
    const directory = await place('tree');
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(directory, path, '..'), { recursive: true });
      await writeFile(join(directory, path), text);
    }
    return directory;
  };
  const squash = async (files: Readonly<Record<string, string>>): Promise<string> => {
    const file = join(await place('file'), 'layer,:x.squashfs');
    execFileSync('mksquashfs', [await tree(files), file, '-noappend', '-quiet', '-no-progress', '-all-root'], { stdio: 'ignore' });
    return file;
  };
  const answersFor = async (avoid: readonly RootWay[] = []): Promise<Answers & { images: string }> => {
    const images = await place('images');
    await lab().give(images);
    return { avoid, images, fuse: true, debug: true };
  };
  const run = (script: string, overlays: string[], answers: Answers, changes: object = {}) =>
    lab().run({ command: ['sh', '-c', script], options: { overlays }, ...changes }, answers);

  async function assertAllGone(): Promise<void> {
    for (let tries = 0; tries < 500 && findProcesses({ word: lab().runDirectory }).length > 0; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await assertNothingLeft(lab());
    const loops = execFileSync('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE'], { encoding: 'utf8' });
    assert.ok(!loops.includes(lab().directory), loops);
  }

  const ways: readonly RootWay[] = ['kernel', 'squashfuse_ll', 'squashfuse', 'unpack'];
  for (const way of who === 'root' ? ways.slice(0, 1) : ways.slice(1)) {
    it(`shows a squashfs by ${way}, between directories, and what is written over it is in memory`, async function () {
      for (const tool of ['mksquashfs', way === 'kernel' ? 'losetup' : way === 'unpack' ? 'unsquashfs' : way]) needTool(this, tool);
      if (way !== 'kernel' && way !== 'unpack') needFuse(this);
      const file = await squash({ 'opt/a': 'file\n', 'opt/b': 'file\n', 'opt/deep/c': 'file\n' });
      const [low, high] = [await tree({ 'opt/a': 'low\n', 'opt/low': 'low\n' }), await tree({ 'opt/b': 'high\n' })];
      const before = await readFile(file);
      // The overlay is the kernel's either way, which is called so too.
      const answers = await answersFor(ways.slice(1).filter((other) => other !== way));
      const script = 'cat /opt/a /opt/b /opt/deep/c /opt/low; ls /bin/sh; echo new >/tmp/new && cat /tmp/new';
      const overlays = [`${low}:ro`, `${file}:ro`, `${high}:ro`];
      const shown = await run(script, overlays, answers);
      assert.deepEqual([shown.exitCode, shown.stdout], [0, 'file\nhigh\nfile\nlow\n/bin/sh\nnew\n'], shown.stderr);
      assert.match(shown.stderr, new RegExp(`^DEBUG Layer \\S+: squashfs by ${way}`, 'm'));
      const readOnly = await run('cat /opt/a; touch /opt/x 2>/dev/null || echo read-only', [`${file}:ro`], answers, { readOnly: true });
      assert.deepEqual([readOnly.exitCode, readOnly.stdout], [0, 'file\nread-only\n'], readOnly.stderr);
      assert.ok((await readFile(file)).equals(before));
      await assertAllGone();
    });
  }

  it('lies over an image that is a file itself', async function () {
    for (const tool of ['mksquashfs', 'losetup', 'squashfuse_ll']) needTool(this, tool);
    needFuse(this);
    const image = join(await place('image'), 'image.squashfs');
    execFileSync('mksquashfs', [lab().image, image, '-noappend', '-quiet', '-no-progress', '-all-root'], { stdio: 'ignore' });
    const layers = [await squash({ 'opt/a': 'one\n', 'opt/b': 'one\n' }), await squash({ 'opt/b': 'two\n' })];
    const script = 'cat /opt/a /opt/b; ls /bin/sh';
    const { exitCode, stdout, stderr } = await run(
      script,
      layers.map((file) => `${file}:ro`),
      await answersFor(),
      { image },
    );
    assert.deepEqual([exitCode, stdout], [0, 'one\ntwo\n/bin/sh\n'], stderr);
    await assertAllGone();
  });

  it('shows of an ext3 what was written there, as Apptainer keeps it in "upper"', async function () {
    for (const tool of ['mke2fs', 'losetup', who === 'root' ? 'mke2fs' : 'fuse2fs']) needTool(this, tool);
    if (who === 'user') needFuse(this);
    const files = await tree({ 'upper/opt/a': 'kept\n' });
    await mkdir(join(files, 'work'));
    const file = await makeExt4(await place('ext'), files);
    const { exitCode, stdout, stderr } = await run('cat /opt/a; ls -d /upper 2>/dev/null || echo not', [`${file}:ro`], await answersFor());
    assert.deepEqual([exitCode, stdout], [0, 'kept\nnot\n'], stderr);
    await assertAllGone();
  });

  it('is seen where mounts go: a link in it leads inside the container', async function () {
    for (const tool of ['mksquashfs', 'losetup', 'squashfuse_ll']) needTool(this, tool);
    needFuse(this);
    const files = await tree({});
    execFileSync('ln', ['-s', '/etc', join(files, 'data')]);
    const file = join(await place('file'), 'links.squashfs');
    execFileSync('mksquashfs', [files, file, '-noappend', '-quiet', '-no-progress', '-all-root'], { stdio: 'ignore' });
    const source = await tree({ inside: 'bound\n' });
    const { exitCode, stdout, stderr } = await run('cat /etc/inside; readlink /data', [`${file}:ro`], await answersFor(), {
      binds: [`${source}:/data:ro`],
    });
    assert.deepEqual([exitCode, stdout], [0, 'bound\n/etc\n'], stderr);
    await assertAllGone();
  });

  it('is refused to be written to, and where it is no file system, and leaves nothing', async function () {
    needTool(this, 'mksquashfs');
    needTool(this, 'losetup');
    const file = await squash({ a: 'a\n' });
    const written = await run('true', [file], await answersFor());
    assert.match(written.stderr, /^OPTION_INVALID .*what is written goes to a directory; a file can only be read/);
    const text = join(await place('text'), 'text');
    await writeFile(text, 'no file system');
    assert.match((await run('true', [`${text}:ro`], await answersFor())).stderr, /^IMAGE_FORMAT_UNKNOWN /);
    const damaged = await readFile(file);
    await writeFile(file, damaged.fill(0x55, 100));
    const { exitCode, stderr } = await run('true', [`${file}:ro`], await answersFor());
    assert.equal(exitCode, 255);
    assert.match(stderr, /^(?:DEBUG .*\n)*(?:MOUNT_FAILED|IMAGE_DRIVER_FAILED|IMAGE_UNPACK_FAILED|IMAGE_INVALID) /);
    await assertAllGone();
    assert.deepEqual(await readdir(lab().runDirectory), []);
  });
});
