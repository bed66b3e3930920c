import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { escapeField, renderFstab } from '#engine/mounts/fstab.js';
import { findBoundMounts, parseMountTable } from '#engine/mounts/mount-table.js';

describe('fstab', () => {
  it('escapes what would end a field or begin a comment', () => {
    assert.equal(escapeField('/a b\tc\nd\re\\f#g'), '/a\\040b\\011c\\012d\\015e\\134f\\043g');
  });

  it('has a line for each mount', () => {
    const line = { source: '/a b', target: '/x', type: 'none', options: ['rbind', 'ro'] };
    assert.equal(renderFstab([line, line]), '/a\\040b /x none rbind,ro 0 0\n'.repeat(2));
  });
});

describe('the mount table', () => {
  const table = parseMountTable(
    [
      '1 1 8:1 / / rw,relatime - ext4 /dev/a rw',
      '2 1 0:2 / /tmp rw,nosuid,nodev - tmpfs tmpfs rw',
      '3 2 0:3 / /tmp/a\\040b ro - tmpfs tmpfs rw',
      '4 1 0:4 / /srv/data/deep rw - tmpfs tmpfs rw',
      '5 1 0:5 / /srv rw - tmpfs tmpfs rw',
      '6 2 0:6 / /tmp/twice rw - tmpfs tmpfs rw',
      '7 6 0:7 / /tmp/twice ro - tmpfs tmpfs rw',
      '',
    ].join('\n'),
  );
  const idsBelow = (directory: string): string[] => findBoundMounts(table, directory).map((mount) => mount.id);

  it('knows the mount that a directory is in, with its flags', () => {
    const [around] = findBoundMounts(table, '/tmp/other');
    assert.deepEqual(around?.flags, ['rw', 'nosuid', 'nodev']);
    assert.deepEqual(idsBelow('/tmpx'), ['1']);
  });

  it('knows the mounts below a directory, without those that others hide', () => {
    assert.deepEqual(idsBelow('/tmp'), ['2', '3', '7']);
    assert.deepEqual(idsBelow('/srv'), ['5']);
    assert.deepEqual(idsBelow('/'), ['1', '2', '3', '5', '7']);
    assert.deepEqual(idsBelow('/tmp/a b'), ['3']);
  });
});
