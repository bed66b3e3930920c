import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type { MountPlan } from '#engine/engine.js';
import { openImage } from '#engine/images/open-image.js';
import { inTemporaryDirectory } from '../fixtures/temporary.js';

const plan = (changes: Partial<MountPlan> = {}): MountPlan => ({ mounts: [{ type: 'tmpfs', destination: '/etc' }], ...changes });

describe('opening an image', () => {
  it('finds a directory, by its real path', () =>
    inTemporaryDirectory(async (directory) => {
      await mkdir(join(directory, 'real:name'));
      await symlink('real:name', join(directory, 'link'));
      const image = await openImage(`${directory}/link`, {});
      assert.ok(image.kind === 'directory');
      assert.equal(image.path, join(directory, 'real:name'));
    }));

  it('says what is wrong with a path', () =>
    inTemporaryDirectory(async (directory) => {
      await writeFile(join(directory, 'file'), '');
      await assert.rejects(openImage(`${directory}/nothing`, {}), { code: 'IMAGE_NOT_FOUND' });
      await assert.rejects(openImage(`${directory}/file`, {}), { code: 'IMAGE_FORMAT_UNKNOWN' });
      await assert.rejects(openImage(`${directory}/file/deeper`, {}), { code: 'IMAGE_NOT_DIRECTORY' });
    }));

  for (const reference of ['debian', '', 'a:b', 'Upper:x']) {
    it(`"${reference}" is neither a path nor a scheme`, async () => {
      await assert.rejects(openImage(reference, { openImage: async () => plan() }), { code: 'IMAGE_REFERENCE_INVALID' });
    });
  }

  it('asks for schemes, with all that follows the first colon', async () => {
    const asked: string[][] = [];
    const moments = { openImage: async (...words: [string, string]) => (asked.push(words), plan()) };
    for (const reference of ['host:', 'oci:debian:12', 'a+b-2:/x\ny']) await openImage(reference, moments);
    assert.deepEqual(asked, [
      ['host', ''],
      ['oci', 'debian:12'],
      ['a+b-2', '/x\ny'],
    ]);
  });

  const badLinks: Record<string, string>[] = [
    { bin: 'usr/bin' },
    { '/': 'x' },
    { '/a/../b': 'x' },
    { '/a': '' },
    { '/a': 'x\ny' },
    { '/etc': 'elsewhere' },
  ];
  for (const links of badLinks) {
    it(`refuses a plan with the link ${JSON.stringify(links)}`, async () => {
      await assert.rejects(openImage('host:', { openImage: async () => plan({ links }) }), { code: 'IMAGE_PLAN_INVALID' });
    });
  }
});
