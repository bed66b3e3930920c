import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { removeTree } from '#base/remove-tree.js';

describe('removing a tree', () => {
  it('removes directories that forbid it to their own owner, follows no link, and may be asked twice', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'remove-'));
    const outside = join(directory, 'outside');
    const tree = join(directory, 'tree');
    for (const path of [outside, join(tree, 'shut/deep')]) await mkdir(path, { recursive: true });
    for (const path of [outside, join(tree, 'shut/deep')]) await writeFile(join(path, 'file'), '');
    await symlink(outside, join(tree, 'shut/link'));
    await chmod(join(tree, 'shut/deep'), 0o555);
    await chmod(join(tree, 'shut'), 0);
    await removeTree(tree);
    await removeTree(tree);
    assert.deepEqual(await readdir(directory), ['outside']);
    assert.deepEqual(await readdir(outside), ['file']);
    await removeTree(directory);
  });
});
