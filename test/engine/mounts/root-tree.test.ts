import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { addEntry, createTree, layContent, resolvePath, type Content, type RootTree } from '#engine/mounts/root-tree.js';
import { inTemporaryDirectory } from '../fixtures/temporary.js';

const memory: Content = { type: 'tmpfs', mode: 0o755, readOnly: false };

async function makeTree(directory: string): Promise<RootTree> {
  await mkdir(join(directory, 'etc/deep'), { recursive: true });
  await writeFile(join(directory, 'etc/file'), '');
  const links = {
    absolute: '/etc',
    relative: 'etc/deep',
    up: '../../../../etc',
    dangling: '/not/there',
    circle: 'circle',
    'etc/deep/back': '../file',
  };
  for (const [path, target] of Object.entries(links)) await symlink(target, join(directory, path));
  return createTree({ type: 'image', source: directory, readOnly: false, ownerUid: 0, ownerGid: 0, mode: 0o755 });
}

describe('the root of a container', () => {
  const cases: [path: string, leadsTo: string, kind: string | undefined][] = [
    ['/', '/', 'directory'],
    ['/etc/file', '/etc/file', 'file'],
    ['/absolute/file', '/etc/file', 'file'],
    ['/relative/back', '/etc/file', 'file'],
    ['/up', '/etc', 'directory'],
    ['/dangling/x', '/not/there/x', undefined],
    ['/new/../x', '/x', undefined],
  ];
  for (const [path, leadsTo, kind] of cases) {
    it(`has ${path} at ${leadsTo}`, () =>
      inTemporaryDirectory(async (directory) => {
        const resolved = await resolvePath(await makeTree(directory), path);
        assert.deepEqual([resolved.path, resolved.entry?.kind], [leadsTo, kind]);
      }));
  }

  it('refuses links in a circle, and paths through a file', () =>
    inTemporaryDirectory(async (directory) => {
      const tree = await makeTree(directory);
      await assert.rejects(resolvePath(tree, '/circle'), { code: 'MOUNT_POINT_MISMATCH' });
      await assert.rejects(resolvePath(tree, '/etc/file/x'), { code: 'MOUNT_POINT_MISMATCH' });
    }));

  it('follows links through what was laid over the image', () =>
    inTemporaryDirectory(async (directory) => {
      const tree = await makeTree(directory);
      await layContent(tree, '/etc', memory);
      await addEntry(tree, '/etc/other', { kind: 'link', target: '/relative' });
      assert.equal((await resolvePath(tree, '/absolute/other/x')).path, '/etc/deep/x');
      assert.equal((await resolvePath(tree, '/etc/file')).entry, undefined);
    }));

  it('notes missing mount points, and does not write to the image', () =>
    inTemporaryDirectory(async (directory) => {
      const tree = await makeTree(directory);
      const before = await readdir(directory);
      await layContent(tree, '/made/here', memory);
      assert.deepEqual([...tree.layers[0].additions.keys()], ['/made', '/made/here']);
      assert.deepEqual(await readdir(directory), before);
    }));

  it('forgets what a later mount hides', () =>
    inTemporaryDirectory(async (directory) => {
      const tree = await makeTree(directory);
      await layContent(tree, '/etc/deep', memory);
      await layContent(tree, '/etc', memory);
      assert.deepEqual(
        tree.layers.map((layer) => layer.point),
        ['/', '/etc'],
      );
    }));

  it('has no place for a file where a directory is, nor the other way round', () =>
    inTemporaryDirectory(async (directory) => {
      const tree = await makeTree(directory);
      await assert.rejects(layContent(tree, '/etc/file', memory), { code: 'MOUNT_POINT_MISMATCH' });
      await assert.rejects(layContent(tree, '/etc', { type: 'bind', source: '/etc/hostname', isDirectory: false, readOnly: true }), {
        code: 'MOUNT_POINT_MISMATCH',
      });
    }));
});
