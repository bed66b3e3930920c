import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { needRoot } from '../../helpers/need.js';
import { openBundlePlace, type BundlePlace } from './builder.js';

/** What is done to a good bundle, and what is said of it then. */
const tricks: readonly (readonly [what: string, play: (bundle: string, place: BundlePlace) => Promise<unknown>, told: RegExp])[] = [
  ['a program without an x', (bundle) => chmod(join(bundle, 'bin/sample'), 0o644), /is not executable/],
  [
    'a directory in place of the program',
    async (bundle) => {
      await rm(join(bundle, 'bin/sample'));
      await mkdir(join(bundle, 'bin/sample'));
    },
    /is a directory, not a regular file/,
  ],
  [
    'a FIFO in place of the program',
    async (bundle) => {
      await rm(join(bundle, 'bin/sample'));
      execFileSync('mkfifo', [join(bundle, 'bin/sample')]);
    },
    /is a FIFO, not a regular file/,
  ],
  ['a program that others may write to', (bundle) => chmod(join(bundle, 'bin/sample'), 0o757), /bin\/sample: others than its owner/],
  ['a program that its group may write to', (bundle) => chmod(join(bundle, 'bin/sample'), 0o775), /bin\/sample: others than its owner/],
  ['a bin that others may write to', (bundle) => chmod(join(bundle, 'bin'), 0o777), /bin: others than its owner/],
  ['a bundle that others may write to', (bundle) => chmod(bundle, 0o777), /sample: others than its owner/],
  ['a sticky bin that others may write to', (bundle) => chmod(join(bundle, 'bin'), 0o1777), /bin: others than its owner/],
  ['a configuration that others may write to', (bundle) => chmod(join(bundle, 'config.toml'), 0o666), /config\.toml: others than/],
  [
    'resources that others may write to',
    async (bundle) => {
      await mkdir(join(bundle, 'resources'));
      await chmod(join(bundle, 'resources'), 0o777);
    },
    /resources: others than its owner/,
  ],
  [
    'a program that is a link to one that others may write to',
    async (bundle, { root }) => {
      await rename(join(bundle, 'bin/sample'), join(root, 'program'));
      await chmod(join(root, 'program'), 0o777);
      await symlink(join(root, 'program'), join(bundle, 'bin/sample'));
    },
    /bin\/sample: others than its owner/,
  ],
  [
    'a program that is a link into a directory that others may write to',
    async (bundle, { root }) => {
      await mkdir(join(root, 'open'));
      await chmod(join(root, 'open'), 0o777);
      await rename(join(bundle, 'bin/sample'), join(root, 'open/program'));
      await symlink(join(root, 'open/program'), join(bundle, 'bin/sample'));
    },
    /open: others than its owner/,
  ],
  [
    'a bundle that is a link into a directory that others may write to',
    async (bundle, { root }) => {
      await mkdir(join(root, 'open'));
      await chmod(join(root, 'open'), 0o777);
      await rename(bundle, join(root, 'open/sample'));
      await symlink(join(root, 'open/sample'), bundle);
    },
    /open: others than its owner/,
  ],
  [
    'a program that is a link that leads nowhere',
    async (bundle) => {
      await rm(join(bundle, 'bin/sample'));
      await symlink('nowhere', join(bundle, 'bin/sample'));
    },
    /has no program/,
  ],
  [
    'a configuration that is a link that leads nowhere',
    async (bundle) => {
      await rm(join(bundle, 'config.toml'));
      await symlink('nowhere', join(bundle, 'config.toml'));
    },
    /a link that leads nowhere/,
  ],
];

describe('a bundle is not to be trusted with', () => {
  let place: BundlePlace;
  let bundle: string;
  beforeEach(async () => {
    place = await openBundlePlace();
    bundle = await place.add(place.first, 'sample');
  });
  afterEach(() => place.remove());

  for (const [what, play, told] of tricks) {
    it(`${what}, and the one of the next directory is used`, async () => {
      const other = await place.add(place.second, 'sample');
      await play(bundle, place);
      const { bundles, problems } = await place.open();
      assert.deepEqual(
        bundles.map((found) => found.bundle.directory),
        [other],
      );
      assert.equal(problems.length, 1);
      assert.match(problems[0]?.reason ?? '', told);
      assert.ok(problems[0]?.hint !== undefined);
    });
  }

  for (const part of ['.', 'bin', 'bin/sample', 'config.toml']) {
    it(`a foreign owner of ${part}`, async function () {
      needRoot(this);
      await chown(join(bundle, part), 4711, 4711);
      const { bundles, problems } = await place.open();
      assert.deepEqual(bundles, []);
      assert.match(problems[0]?.reason ?? '', /it belongs to user 4711/);
    });
  }

  it('(and may be, as a link to a program of the system, or into a sticky directory)', async () => {
    await rm(join(bundle, 'bin/sample'));
    await mkdir(join(place.root, 'sticky'));
    await chmod(join(place.root, 'sticky'), 0o1777);
    await writeFile(join(place.root, 'sticky/program'), '#!/bin/sh\n', { mode: 0o755 });
    await chmod(join(place.root, 'sticky/program'), 0o755);
    await symlink(join(place.root, 'sticky/program'), join(bundle, 'bin/sample'));
    const { bundles, problems } = await place.open();
    assert.deepEqual(problems, []);
    assert.equal(bundles[0]?.bundle.executable, join(bundle, 'bin/sample'));
  });
});
