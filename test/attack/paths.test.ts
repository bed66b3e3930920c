/** Paths that are not what they seem, for the powers that read and write files. Each way around a grant has a benign twin that works. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lchown, link, mkdir, mkdtemp, readFile, readdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeTiers, type TestHost } from '../helpers/compartment.js';
import { needRoot } from '../helpers/need.js';
import { callOf, contextOf, evaluate } from '../helpers/powers.js';
import { readFile as readPower } from '../../src/host/powers/read-file.js';
import { writeFile as writePower } from '../../src/host/powers/write-file.js';
import { snapshotRealm, type RealmSnapshot } from './realm.js';

const secret = 'not for the plugin';
/** The same letter twice: composed, and as a letter with an accent. */
const composed = '\u00e9';
const decomposed = 'e\u0301';

interface Case {
  readonly title: string;
  /** Makes what the plugin will find. `in` is granted, `out` is not and holds `secret`. */
  readonly arrange?: (base: string) => Promise<unknown>;
  /** Relative to the scene; `in` where absent. */
  readonly grants?: readonly string[];
  readonly path: string;
  /** What reading it gives: the text, or the code of the refusal. */
  readonly expected: string;
}

const refused = 'POWER_NOT_GRANTED';
const notAPath = 'POWER_BAD_ARGUMENT';
const unreadable = 'POWER_FILE_UNREADABLE';

const attacks: readonly Case[] = [
  { title: 'dots', path: 'in/../out/secret', expected: notAPath },
  { title: 'dots that stay inside', path: 'in/a/../file', expected: notAPath },
  { title: 'a single dot', path: 'in/./file', expected: notAPath },
  { title: 'an empty name', path: 'in//file', expected: notAPath },
  { title: 'a slash at the end', path: 'in/file/', expected: notAPath },
  { title: 'NUL', path: 'in/file\0', expected: notAPath },
  { title: 'NUL before what is outside', path: 'in/file\0/../../out/secret', expected: notAPath },
  { title: 'a line break', path: 'in/file\n', expected: notAPath },
  { title: 'half a character', arrange: (b) => writeFile(join(b, 'in/\ufffd'), 'x'), path: 'in/\ud800', expected: notAPath },
  { title: 'a very long path', path: `in/${'x'.repeat(5000)}`, expected: notAPath },
  { title: 'a very long name', path: `in/${'x'.repeat(300)}`, expected: unreadable },
  {
    title: 'a sibling whose name begins like the grant',
    arrange: (b) => mkFile(b, 'inside/file', secret),
    path: 'inside/file',
    expected: refused,
  },
  {
    title: 'a sibling of a granted file',
    grants: ['in/file'],
    arrange: (b) => mkFile(b, 'in/file2', secret),
    path: 'in/file2',
    expected: refused,
  },
  { title: 'the directory above', path: '', expected: refused },
  { title: 'no grant at all', grants: [], path: 'in/file', expected: refused },
  {
    title: 'a link to a file outside',
    arrange: (b) => symlink(join(b, 'out/secret'), join(b, 'in/link')),
    path: 'in/link',
    expected: refused,
  },
  { title: 'a relative link outside', arrange: (b) => symlink('../out/secret', join(b, 'in/link')), path: 'in/link', expected: refused },
  {
    title: 'a link to a directory outside',
    arrange: (b) => symlink('../out', join(b, 'in/link')),
    path: 'in/link/secret',
    expected: refused,
  },
  { title: 'a link to a link outside', arrange: (b) => chainOf(b, '../out/secret'), path: 'in/first', expected: refused },
  {
    title: 'a link through /proc/self/root',
    arrange: (b) => symlink(`/proc/self/root${join(b, 'out/secret')}`, join(b, 'in/link')),
    path: 'in/link',
    expected: refused,
  },
  {
    title: 'a link through /proc/self/cwd',
    arrange: (b) => symlink('/proc/self/cwd/package.json', join(b, 'in/link')),
    path: 'in/link',
    expected: refused,
  },
  { title: 'a link to itself', arrange: (b) => symlink('link', join(b, 'in/link')), path: 'in/link', expected: unreadable },
  {
    title: 'the other way to compose a granted letter',
    grants: [`in/${composed}`],
    arrange: (b) => mkFile(b, `in/${decomposed}`, secret),
    path: `in/${decomposed}`,
    expected: refused,
  },
  {
    title: 'a granted letter, composed otherwise',
    grants: [`in/${decomposed}`],
    arrange: (b) => mkFile(b, `in/${composed}`, secret),
    path: `in/${composed}`,
    expected: refused,
  },
  { title: 'another case', grants: ['in/file'], arrange: (b) => mkFile(b, 'in/FILE', secret), path: 'in/FILE', expected: refused },
  {
    title: 'a letter that looks the same',
    grants: ['in/file'],
    arrange: (b) => mkFile(b, 'in/f\u0456le', secret),
    path: 'in/f\u0456le',
    expected: refused,
  },
  {
    title: 'a link to a name that is not UTF-8, beside a granted name that reads the same',
    grants: ['in/\ufffd'],
    arrange: notUtf8,
    path: 'in/\ufffd/link',
    expected: refused,
  },
  { title: 'a directory', arrange: (b) => mkdir(join(b, 'in/directory')), path: 'in/directory', expected: unreadable },
  {
    title: 'a FIFO that nobody writes to',
    arrange: (b) => Promise.resolve(execFileSync('mkfifo', [join(b, 'in/fifo')])),
    path: 'in/fifo',
    expected: unreadable,
  },
  { title: 'a link to a device', arrange: (b) => symlink('/dev/zero', join(b, 'in/zero')), path: 'in/zero', expected: refused },
  {
    title: 'a file of 1 MiB and a byte',
    arrange: (b) => writeFile(join(b, 'in/large'), Buffer.alloc(1_048_577, 'x')),
    path: 'in/large',
    expected: unreadable,
  },
  {
    title: 'a sparse file of a terabyte',
    arrange: (b) => Promise.resolve(execFileSync('truncate', ['-s', '1T', join(b, 'in/sparse')])),
    path: 'in/sparse',
    expected: unreadable,
  },
  { title: 'a file below a file', path: 'in/file/below', expected: unreadable },
];

const benign: readonly Case[] = [
  { title: 'a granted file', grants: ['in/file'], path: 'in/file', expected: 'text' },
  { title: 'a file below a granted directory', path: 'in/file', expected: 'text' },
  { title: 'names with dots that are no steps', arrange: (b) => mkFile(b, 'in/..a/...', 'dots'), path: 'in/..a/...', expected: 'dots' },
  {
    title: 'a name with spaces and quotes',
    arrange: (b) => mkFile(b, 'in/a "b" \'c\' $d', 'odd'),
    path: 'in/a "b" \'c\' $d',
    expected: 'odd',
  },
  {
    title: 'the longest name',
    arrange: (b) => mkFile(b, `in/${'x'.repeat(255)}`, 'long'),
    path: `in/${'x'.repeat(255)}`,
    expected: 'long',
  },
  { title: 'a link that stays inside', arrange: (b) => symlink('file', join(b, 'in/link')), path: 'in/link', expected: 'text' },
  { title: 'a link to a link that stays inside', arrange: (b) => chainOf(b, 'file'), path: 'in/first', expected: 'text' },
  {
    title: 'a link from one grant to another',
    grants: ['in', 'out'],
    arrange: (b) => symlink('../out/secret', join(b, 'in/link')),
    path: 'in/link',
    expected: secret,
  },
  {
    title: 'a granted link, such as /etc/os-release',
    grants: ['link'],
    arrange: (b) => symlink('in/file', join(b, 'link')),
    path: 'link',
    expected: 'text',
  },
  {
    title: 'a file below a granted link to a directory',
    grants: ['link'],
    arrange: (b) => symlink('in', join(b, 'link')),
    path: 'link/file',
    expected: 'text',
  },
  {
    title: 'a composed letter',
    grants: [`in/${composed}`],
    arrange: (b) => mkFile(b, `in/${composed}`, 'composed'),
    path: `in/${composed}`,
    expected: 'composed',
  },
  {
    title: 'a decomposed letter',
    grants: [`in/${decomposed}`],
    arrange: (b) => mkFile(b, `in/${decomposed}`, 'decomposed'),
    path: `in/${decomposed}`,
    expected: 'decomposed',
  },
  { title: 'a letter beyond the first plane', arrange: (b) => mkFile(b, 'in/\u{1f6a2}', 'ship'), path: 'in/\u{1f6a2}', expected: 'ship' },
  {
    title: 'a replacement character that is one',
    grants: ['in/\ufffd'],
    arrange: (b) => mkFile(b, 'in/\ufffd', 'x'),
    path: 'in/\ufffd',
    expected: 'x',
  },
  { title: 'an empty file', arrange: (b) => mkFile(b, 'in/empty', ''), path: 'in/empty', expected: '' },
  {
    title: 'a hard link, which is the file itself',
    arrange: (b) => link(join(b, 'in/file'), join(b, 'in/hard')),
    path: 'in/hard',
    expected: 'text',
  },
];

describeTiers('a plugin that looks for a way around its paths', (open, isolation) => {
  let scene: TestHost;
  let base: string;
  let before: RealmSnapshot;
  beforeEach(async () => {
    scene = await open();
    base = await realpath(await mkdtemp(join(tmpdir(), 'bulkhead-paths-')));
    await mkFile(base, 'in/file', 'text');
    await mkFile(base, 'out/secret', secret);
    before = snapshotRealm();
  });
  afterEach(async () => {
    await scene.close();
    await rm(base, { recursive: true, force: true });
    assert.deepEqual(snapshotRealm(), before);
  });

  async function read({ arrange, grants = ['in'], path }: Case): Promise<string> {
    await arrange?.(base);
    return evaluate(scene, `return await host.readFile(${JSON.stringify(path === '' ? base : `${base}/${path}`)}).catch(tell)`, {
      readFile: grants.map((grant) => join(base, grant)),
    });
  }

  for (const attack of attacks) {
    it(`does not read: ${attack.title}`, async () => assert.equal(await read(attack), attack.expected));
  }
  for (const twin of benign) {
    it(`may read: ${twin.title}`, async () => assert.equal(await read(twin), twin.expected));
  }

  for (const path of ['/proc/self/root/etc/passwd', '/proc/self/cwd/package.json', '/dev/fd/0', '/proc/self/fd/0']) {
    it(`does not leave a granted /proc or /dev by ${path}`, async () => {
      const answer = await evaluate(scene, `return await host.readFile('${path}').catch(tell)`, { readFile: ['/proc', '/dev/fd'] });
      assert.match(answer, /^POWER_(?:NOT_GRANTED|FILE_UNREADABLE)$/);
    });
  }
  for (const path of ['/dev/zero', '/dev/null', '/dev/tty', '/proc/kmsg', '/proc/self/mem']) {
    it(`does not hang on ${path}, and does not read it`, async () => {
      const answer = await evaluate(scene, `return await host.readFile('${path}').catch(tell)`, { readFile: ['/dev', '/proc'] });
      assert.match(answer, /^POWER_FILE_UNREADABLE$/);
    });
  }
  it('may read a file of /proc that says size 0', async () => {
    const text = await evaluate(scene, `return await host.readFile('/proc/version')`, { readFile: ['/proc/version'] });
    assert.match(text, /^Linux version/);
  });

  it('is not led by a granted link that belongs to somebody else', async function () {
    needRoot(this);
    await symlink('out', join(base, 'link'));
    await lchown(join(base, 'link'), 12345, 12345);
    const reading = `return await host.readFile('${base}/link/secret').catch(tell)`;
    assert.equal(await evaluate(scene, reading, { readFile: [join(base, 'link')] }), refused);
    await lchown(join(base, 'link'), 0, 0);
    assert.equal(await evaluate(scene, reading, { readFile: [join(base, 'link')] }), secret);
  });

  describe('that writes', () => {
    const write = (path: string, grants: readonly string[] = ['in']) =>
      evaluate(scene, `return await host.writeFile(${JSON.stringify(`${base}/${path}`)}, 'written').catch(tell)`, {
        writeFile: grants.map((grant) => join(base, grant)),
      });
    const untouched = async () => {
      assert.equal(await readFile(join(base, 'out/secret'), 'utf8'), secret);
      assert.deepEqual(await readdir(join(base, 'out')), ['secret']);
    };

    it('does not write through a link to a file outside, nor replaces it', async () => {
      await symlink('../out/secret', join(base, 'in/link'));
      assert.equal(await write('in/link'), 'POWER_FILE_UNWRITABLE');
      await untouched();
    });
    it('does not make a file where a dangling link points', async () => {
      await symlink('../out/new', join(base, 'in/link'));
      assert.equal(await write('in/link'), 'POWER_FILE_UNWRITABLE');
      await untouched();
    });
    it('does not write in a directory outside through a link', async () => {
      await symlink('../out', join(base, 'in/link'));
      assert.equal(await write('in/link/secret'), refused);
      assert.equal(await write('in/link/new'), refused);
      await untouched();
    });
    it('does not write through a link that was granted itself, and says so', async () => {
      await symlink('out/secret', join(base, 'link'));
      assert.equal(await write('link', ['link']), 'POWER_FILE_UNWRITABLE');
      await untouched();
    });
    it('does not write dots, NUL or half characters', async () => {
      for (const path of ['in/../out/secret', 'in/x\0', 'in/\udc00', 'in//x', 'in/x/', 'in/.', 'in/..']) {
        assert.equal(await write(path), notAPath, path);
      }
      await untouched();
      assert.deepEqual(await readdir(join(base, 'in')), ['file']);
    });
    it('does not replace a directory, a FIFO or the granted directory itself', async () => {
      await mkdir(join(base, 'in/directory'));
      execFileSync('mkfifo', [join(base, 'in/fifo')]);
      for (const path of ['in/directory', 'in/fifo', 'in']) assert.equal(await write(path), 'POWER_FILE_UNWRITABLE', path);
    });
    it('does not write beside a granted file', async () => {
      assert.equal(await write('in/file2', ['in/file']), refused);
      assert.equal(await write('in/file/x', ['in/file']), 'POWER_FILE_UNWRITABLE');
    });
    it('does not change what else a hard link names', async () => {
      await link(join(base, 'out/secret'), join(base, 'in/hard'));
      assert.equal(await write('in/hard'), 'undefined');
      await untouched();
    });

    it('may replace a file, make one, and go by a link that stays inside', async () => {
      await mkdir(join(base, 'in/directory'));
      await symlink('directory', join(base, 'in/link'));
      for (const path of ['in/file', 'in/new', 'in/link/new']) assert.equal(await write(path), 'undefined', path);
      for (const path of ['in/file', 'in/new', 'in/directory/new']) assert.equal(await readFile(join(base, path), 'utf8'), 'written');
    });
    it('may write below a granted link to a directory, and a granted file that does not exist yet', async () => {
      await symlink('in', join(base, 'link'));
      assert.equal(await write('link/a', ['link']), 'undefined');
      assert.equal(await write('in/b', ['in/b']), 'undefined');
      assert.deepEqual((await readdir(join(base, 'in'))).toSorted(), ['a', 'b', 'file']);
    });
  });

  // Without a compartment: once is enough.
  if (isolation === 'process') return;
  describe('while somebody swaps names under it', () => {
    // A file that is written into a directory while that is removed leaves it not empty: once more, then.
    const away = { recursive: true, force: true, maxRetries: 100, retryDelay: 1 };

    /** Swaps `name` in the granted directory between what is honest and a link outside, until `work` is done. */
    async function whileSwapping(honest: () => Promise<unknown>, name: string, target: string, work: () => Promise<void>): Promise<void> {
      let isDone = false;
      const place = join(base, name);
      const swap = (async () => {
        while (!isDone) {
          await symlink(target, `${place}.link`);
          await rename(`${place}.link`, place).catch(() => rm(place, away));
          await rm(`${place}.link`, { force: true });
          await rm(place, away);
          await honest();
        }
      })();
      try {
        await work();
      } finally {
        isDone = true;
        await swap;
      }
    }

    it('never reads what is outside', async () => {
      const seen = new Map<string, number>();
      await whileSwapping(
        () => mkFile(base, 'in/swapped', 'text'),
        'in/swapped',
        '../out/secret',
        async () => {
          for (let index = 0; index < 1500 || (isUnproven(seen) && index < 60_000); index += 1) {
            const answer = await readPower({ path: `${base}/in/swapped` }, contextOf({ readFile: [`${base}/in`] })).catch(
              (error: { code: string }) => error.code,
            );
            seen.set(answer, (seen.get(answer) ?? 0) + 1);
          }
        },
      );
      assert.equal(seen.has(secret), false, [...seen].join('; '));
      // Else nothing was swapped in time, and this proves nothing.
      assert.ok((seen.get(refused) ?? 0) > 0 && (seen.get('text') ?? 0) + (seen.get('') ?? 0) > 0, [...seen].join('; '));
    });

    it('never writes outside', async () => {
      const seen = new Map<string, number>();
      await whileSwapping(
        () => mkdir(join(base, 'in/swapped')),
        'in/swapped',
        '../out',
        async () => {
          for (let index = 0; index < 500 || (isUnproven(seen) && index < 20_000); index += 1) {
            const grants = contextOf({ writeFile: [`${base}/in`] });
            const answer = await writePower({ path: `${base}/in/swapped/secret`, text: 'written' }, grants, callOf()).then(
              () => 'written',
              (error: { code: string }) => error.code,
            );
            seen.set(answer, (seen.get(answer) ?? 0) + 1);
          }
        },
      );
      assert.equal(await readFile(join(base, 'out/secret'), 'utf8'), secret);
      assert.deepEqual(await readdir(join(base, 'out')), ['secret']);
      assert.ok((seen.get(refused) ?? 0) > 0, [...seen].join('; '));
    });
  });
});

/** Nothing was swapped in time yet, so that nothing is shown: on a busy machine it takes longer. */
function isUnproven(seen: ReadonlyMap<string, number>): boolean {
  return !seen.has(refused) || seen.size === 1;
}

async function mkFile(base: string, path: string, text: string): Promise<void> {
  await mkdir(join(base, path, '..'), { recursive: true });
  await writeFile(join(base, path), text);
}

async function chainOf(base: string, target: string): Promise<void> {
  await symlink('second', join(base, 'in/first'));
  await symlink(target, join(base, 'in/second'));
}

/** `in/\xff`, which reads as the granted `in/\ufffd`, and a link to it there. */
async function notUtf8(base: string): Promise<void> {
  const directory = Buffer.concat([Buffer.from(`${base}/in/`), Buffer.from([0xff])]);
  await mkdir(directory);
  await writeFile(Buffer.concat([directory, Buffer.from('/secret')]), secret);
  await mkdir(join(base, 'in/\ufffd'));
  await symlink(Buffer.concat([Buffer.from('../'), Buffer.from([0xff]), Buffer.from('/secret')]), join(base, 'in/\ufffd/link'));
}
