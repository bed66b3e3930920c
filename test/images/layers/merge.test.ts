import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { describe, it } from 'mocha';
import { directory, file, hardLink, link, makeTar, type Entry } from '../builder.js';
import { merge } from './lab.js';

const whiteout = (name: string): Entry => file(name, '');

describe('merging layers', () => {
  it('takes of each path what the topmost layer has', async () => {
    assert.deepEqual(
      await merge([
        [directory('etc', { mode: 0o700 }), file('etc/a', 'one'), file('etc/b', 'one'), link('sh', 'etc/a')],
        [directory('etc/', { mode: 0o755 }), file('etc/b', 'two', { mode: 0o600 }), file('new/deep/c', 'two')],
      ]),
      {
        '': 'dir 755',
        etc: 'dir 755',
        'etc/a': 'file 644 one',
        'etc/b': 'file 600 two',
        new: 'dir 755',
        'new/deep': 'dir 755',
        'new/deep/c': 'file 644 two',
        sh: '-> etc/a',
      },
    );
  });

  it('takes the attributes of the root from ./', async () => {
    assert.deepEqual(await merge([[directory('./', { mode: 0o711 }), file('./a', 'x')]]), { '': 'dir 711', a: 'file 644 x' });
  });

  it('hides what a whiteout names in the layers below, and nothing of its own layer, in either order', async () => {
    const below = [file('d/a', 'below'), file('d/b', 'below'), file('x/y', 'below')];
    const expected = { '': 'dir 755', d: 'dir 755', 'd/a': 'file 644 above', 'd/b': 'file 644 below' };
    assert.deepEqual(await merge([below, [whiteout('d/.wh.a'), file('d/a', 'above'), whiteout('.wh.x')]]), expected);
    assert.deepEqual(await merge([below, [file('d/a', 'above'), whiteout('.wh.x'), whiteout('d/.wh.a')]]), expected);
  });

  it('hides all of a directory by an opaque whiteout, in either order', async () => {
    const below = [directory('d', { mode: 0o700 }), file('d/a', 'below'), file('d/e/f', 'below'), file('z', 'z')];
    const expected = { '': 'dir 755', d: 'dir 755', 'd/e': 'dir 755', 'd/e/g': 'file 644 above', z: 'file 644 z' };
    const above = [directory('d'), file('d/e/g', 'above')];
    assert.deepEqual(await merge([below, [...above, whiteout('d/.wh..wh..opq')]]), expected);
    assert.deepEqual(await merge([below, [whiteout('d/.wh..wh..opq'), ...above]]), expected);
  });

  it('passes over whiteouts of nothing, and notes of aufs', async () => {
    const layer = [whiteout('.wh.gone'), whiteout('no/dir/.wh.gone'), directory('.wh..wh.plnk'), file('a', 'x')];
    assert.deepEqual(await merge([layer]), { '': 'dir 755', a: 'file 644 x' });
  });

  it('lets a later layer make a file of a directory, and a directory of a file', async () => {
    assert.deepEqual(
      await merge([
        [file('d/a', 'x'), file('f', 'x')],
        [file('d', 'now a file'), directory('f'), file('f/a', 'y')],
      ]),
      {
        '': 'dir 755',
        d: 'file 644 now a file',
        f: 'dir 755',
        'f/a': 'file 644 y',
      },
    );
  });

  it('keeps hard links, within a layer and to a layer below', async () => {
    assert.deepEqual(
      await merge([
        [file('a', 'one'), hardLink('b', 'a')],
        [hardLink('c', './a'), link('l', 'a'), hardLink('m', 'l')],
      ]),
      {
        '': 'dir 755',
        a: 'file 644 one',
        b: '= a',
        c: '= a',
        l: '-> a',
        m: '= l',
      },
    );
  });

  it('keeps the content of a hard link whose first name a later layer hides or replaces', async () => {
    const below = [file('a', 'content'), hardLink('b', 'a'), hardLink('c', 'a')];
    assert.deepEqual(await merge([below, [whiteout('.wh.a')]]), { '': 'dir 755', b: 'file 644 content', c: '= b' });
    assert.deepEqual(await merge([below, [file('a', 'new'), whiteout('.wh.b')]]), {
      '': 'dir 755',
      a: 'file 644 new',
      c: 'file 644 content',
    });
  });

  it('keeps devices and FIFOs', async () => {
    const layer: Entry[] = [
      { name: 'null', type: 'character-device', devmajor: 1, devminor: 3 },
      { name: 'pipe', type: 'fifo' },
    ];
    assert.deepEqual(await merge([layer]), { '': 'dir 755', null: 'character 1 3', pipe: 'fifo 0 0' });
  });

  it('takes a directory twice in a layer: the second one counts', async () => {
    assert.deepEqual(await merge([[directory('d', { mode: 0o700 }), file('d/a', 'x'), directory('d', { mode: 0o750 })]]), {
      '': 'dir 755',
      d: 'dir 750',
      'd/a': 'file 644 x',
    });
  });

  it('is of nothing where there are no layers, or only empty ones', async () => {
    assert.deepEqual(await merge([]), { '': 'dir 755' });
    assert.deepEqual(await merge([[], gzipSync(await makeTar([]))]), { '': 'dir 755' });
  });
});
