import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'mocha';
import { checkMapping, mapAllOwned, parseOwned, writeMapping, type IdRange } from '#engine/runtimes/user-mapping.js';
import { needOrdinaryUser, needTool, needUserNamespaces } from '../../helpers/need.js';

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

describe('the mapping that nobody chose', () => {
  const tell = (): void => undefined;

  it('is all that is owned, one behind the other, each id once', async function () {
    needTool(this, 'newuidmap');
    const uids = [
      { first: 100000, count: 10 },
      { first: 100005, count: 100 },
      { first: 300000, count: 5 },
    ];
    const mapping = await mapAllOwned({ uids, gids: [{ first: 7, count: 1 }] }, tell);
    assert.deepEqual(mapping?.uids, [
      { inside: 1, outside: 100000, count: 10 },
      { inside: 11, outside: 300000, count: 5 },
    ]);
    assert.deepEqual(mapping.gids, [{ inside: 1, outside: 7, count: 1 }]);
    const many = Array.from({ length: 256 }, (_, index) => ({ first: 1000 * index, count: 1 }));
    const most = await mapAllOwned({ uids: many, gids: many }, tell);
    assert.equal(most?.uids.length, 64);
    checkMapping(most, { uids: many, gids: many });
  });

  it('is root alone where newuidmap refuses it', async function () {
    needOrdinaryUser(this);
    needUserNamespaces(this);
    needTool(this, 'newuidmap');
    const script = 'echo map; read -r word; cat /proc/self/uid_map /proc/self/gid_map; unshare --mount id -u';
    const child = spawn('unshare', ['--user', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const closed = once(child, 'close');
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    await once(child.stdout, 'data');
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    const ranges = [{ inside: 1, outside: 0, count: 1 }];
    const said: string[] = [];
    await writeMapping(child.pid ?? 0, { uids: ranges, gids: ranges, orAlone: (why) => said.push(why) }, { uid, gid });
    child.stdin.end('mapped\n');
    await closed;
    const lines = printed.split('\n').map((line) => line.trim().split(/\s+/).join(' '));
    assert.deepEqual(lines, ['map', `0 ${uid} 1`, `0 ${gid} 1`, '0', '']);
    assert.match(said.join('\n'), /newuidmap.*\n.*newgidmap/);
  });

  it('is none where uids or gids are not owned, and says so', async () => {
    const some = [{ first: 1, count: 1 }];
    for (const owned of [
      { uids: [], gids: some },
      { uids: some, gids: [] },
    ]) {
      const said: string[] = [];
      assert.equal(await mapAllOwned(owned, (line) => said.push(line)), undefined);
      assert.match(said.join(), /^Root is the only user inside: .*subuid/);
    }
  });
});
