import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { checkMapping, parseOwned, type IdRange } from '#engine/runtimes/user-mapping.js';

describe('the ranges of /etc/subuid', () => {
  it('are those of the name and of the uid; lines that are none are nobody’s', () => {
    const text =
      'ann:100000:65536\n1000:300000:10\nbob:200000:65536\n# ann:1:1\nann:x:5\nann:7\nann:5:0\nann:-1:5\nann:1:99999999999\nann :9:9\n';
    assert.deepEqual(parseOwned(text, ['1000', 'ann']), [
      { first: 100000, count: 65536 },
      { first: 300000, count: 10 },
    ]);
    assert.deepEqual(parseOwned(text, ['2000']), []);
    assert.deepEqual(parseOwned('', ['ann']), []);
  });

  it('are read up to a bound', () => {
    assert.equal(parseOwned('ann:1:1\n'.repeat(300), ['ann']).length, 256);
  });
});

describe('a mapping of users', () => {
  const owned = { uids: [{ first: 100000, count: 100 }], gids: [{ first: 200000, count: 100 }] };
  const check = (uids: IdRange[], gids: IdRange[] = []) => checkMapping({ uids, gids }, owned);

  it('may have all that is owned, up to the last, and parts of it', () => {
    check([{ inside: 1, outside: 100000, count: 100 }], [{ inside: 1, outside: 200000, count: 100 }]);
    check([
      { inside: 5, outside: 100099, count: 1 },
      { inside: 1, outside: 100000, count: 4 },
    ]);
    check([]);
  });

  const refused: [string, IdRange[], IdRange[]][] = [
    ['one before', [{ inside: 1, outside: 99999, count: 1 }], []],
    ['one after', [{ inside: 1, outside: 100000, count: 101 }], []],
    ['root of the host', [{ inside: 1, outside: 0, count: 1 }], []],
    ['uids that are owned as gids', [{ inside: 1, outside: 200000, count: 1 }], []],
    ['gids that are owned as uids', [], [{ inside: 1, outside: 100000, count: 1 }]],
    ['a range around what is owned', [{ inside: 1, outside: 0, count: 4_294_967_294 }], []],
    ['root inside once more', [{ inside: 0, outside: 100000, count: 1 }], []],
    [
      'an id inside twice',
      [
        { inside: 1, outside: 100000, count: 10 },
        { inside: 10, outside: 100020, count: 10 },
      ],
      [],
    ],
    [
      'an id outside twice',
      [
        { inside: 1, outside: 100000, count: 10 },
        { inside: 20, outside: 100009, count: 10 },
      ],
      [],
    ],
  ];
  for (const [what, uids, gids] of refused) {
    it(`may not have ${what}`, () => {
      assert.throws(() => check(uids, gids), { code: 'USER_MAPPING_REFUSED' });
    });
  }
});
