import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { pluginError } from '#base/errors.js';
import { openAudit, formatEntry, judgeError, type AuditEntry } from '../../../src/host/powers/audit.js';
import { openAuditFile } from '../../../src/host/powers/audit-file.js';
import { openTestHost, scriptOf, buildConfig, memoryLog, type TestHost } from '../../helpers/compartment.js';

const uid = process.geteuid?.() ?? 0;

describe('the audit file', () => {
  let directory: string;
  let own: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bulkhead-audit-'));
    own = join(directory, 'state/audit');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const read = (name = 'audit.jsonl') => readFile(join(own, name), 'utf8');
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);

  it('is made at the first line, for its owner alone', async () => {
    const write = openAuditFile({ directory: own, uid });
    assert.deepEqual(await readdir(directory), []);
    write('a\n');
    write('b\n');
    assert.equal(await read(), 'a\nb\n');
    assert.deepEqual([await modeOf(own), await modeOf(join(own, 'audit.jsonl'))], ['700', '600']);
  });

  it('is for its owner alone whatever the umask, and a directory that was open is shut', async () => {
    await mkdir(own, { recursive: true });
    await chmod(own, 0o755);
    const before = process.umask(0);
    try {
      openAuditFile({ directory: own, uid })('a\n');
    } finally {
      process.umask(before);
    }
    assert.deepEqual([await modeOf(own), await modeOf(join(own, 'audit.jsonl'))], ['700', '600']);
  });

  it('is begun anew when it is full, and three old ones are kept', async () => {
    const write = openAuditFile({ directory: own, uid, sizeMaxBytes: 10 });
    for (let index = 0; index < 12; index++) write(`line ${String(index).padStart(2, '0')}..\n`);
    const names = (await readdir(own)).toSorted();
    assert.deepEqual(names, ['audit.1.jsonl', 'audit.2.jsonl', 'audit.3.jsonl', 'audit.jsonl']);
    assert.equal(await read(), 'line 11..\n');
    assert.equal(await read('audit.1.jsonl'), 'line 10..\n');
    assert.equal(await read('audit.3.jsonl'), 'line 08..\n');
  });

  it('takes a line at its limit in the same file, and the one after in the next', async () => {
    const write = openAuditFile({ directory: own, uid, sizeMaxBytes: 4 });
    write('ab\n');
    write('c\n');
    write('d\n');
    assert.deepEqual([await read('audit.1.jsonl'), await read()], ['ab\nc\n', 'd\n']);
  });

  it('is followed where another process has renamed or removed it', async () => {
    const [one, other] = [1, 2].map(() => openAuditFile({ directory: own, uid, sizeMaxBytes: 4 }));
    one?.('one1\n');
    other?.('oth1\n');
    one?.('one2\n');
    assert.deepEqual([await read('audit.2.jsonl'), await read('audit.1.jsonl'), await read()], ['one1\n', 'oth1\n', 'one2\n']);
    await rm(own, { recursive: true });
    one?.('one3\n');
    assert.equal(await read(), 'one3\n');
  });

  it('is not waited for where a killed process left its mark, which is removed when it is old', async () => {
    const write = openAuditFile({ directory: own, uid, sizeMaxBytes: 4 });
    write('one1\n');
    await mkdir(join(own, 'rotating'));
    write('one2\n');
    assert.equal(await read(), 'one1\none2\n');
    await execa('touch', ['-d', '1 minute ago', join(own, 'rotating')]);
    write('one3\n');
    write('one4\n');
    assert.equal(await read('audit.1.jsonl'), 'one1\none2\none3\n');
  });

  it('has every line of many processes at once, whole, also while they rename it', async () => {
    const program = fileURLToPath(new URL('../fixtures/audit-program.ts', import.meta.url));
    const lines = 200;
    const ids = ['a', 'b', 'c', 'd'];
    await Promise.all(
      // Full after about 300 lines of 38 bytes: renamed twice while four write, and nothing is old enough to go.
      ids.map((id) => execa(process.execPath, ['--import=tsx', '--conditions=bulkhead-source', program, own, id, String(lines), '12000'])),
    );
    const files = (await readdir(own)).filter((name) => name.endsWith('.jsonl'));
    assert.ok(files.length > 1, files.join());
    const found = (await Promise.all(files.map((name) => read(name)))).join('').trimEnd().split('\n');
    const parsed = found.map((line) => JSON.parse(line) as { id: string; count: number });
    const expected = ids.flatMap((id) => Array.from({ length: lines }, (_, count) => `${id}${count}`));
    assert.deepEqual(parsed.map(({ id, count }) => `${id}${count}`).toSorted(), expected.toSorted());
  });

  for (const [title, prepare] of [
    ['a symbolic link', () => symlink(join(directory, 'elsewhere'), join(own, 'audit.jsonl'))],
    ['a FIFO', () => Promise.resolve(execFileSync('mkfifo', [join(own, 'audit.jsonl')]))],
    ['a directory', () => mkdir(join(own, 'audit.jsonl'))],
    ['readable for others', () => writeFile(join(own, 'audit.jsonl'), '').then(() => chmod(join(own, 'audit.jsonl'), 0o644))],
  ] as const) {
    it(`is not written to where it is ${title}`, async () => {
      await mkdir(own, { recursive: true });
      await prepare();
      assert.throws(() => openAuditFile({ directory: own, uid })('a\n'));
      assert.equal(await stat(join(directory, 'elsewhere')).catch(() => 'none'), 'none');
    });
  }

  it('is not written to in a directory of somebody else, or through a link', async () => {
    assert.throws(() => openAuditFile({ directory: own, uid: uid + 1 })('a\n'), /no directory of the caller/);
    await symlink(own, join(directory, 'link'));
    assert.throws(() => openAuditFile({ directory: join(directory, 'link'), uid })('a\n'), /no directory of the caller/);
  });
});

describe('the audit', () => {
  const entry: AuditEntry = { plugin: 'a/b', callback: 'command', power: 'readFile', argument: { path: '/a' }, decision: 'allowed' };
  const failing = () => {
    throw new Error('no space');
  };

  it('is one line of JSON per entry', () => {
    assert.equal(
      formatEntry({ ...entry, reason: 'POWER_FILE_UNREADABLE' }, new Date(0)),
      '{"time":"1970-01-01T00:00:00.000Z","plugin":"a/b","callback":"command","power":"readFile","argument":{"path":"/a"},"decision":"allowed","reason":"POWER_FILE_UNREADABLE"}\n',
    );
  });

  it('warns once where it fails, and never throws', () => {
    const log = memoryLog();
    const audit = openAudit({ write: failing, isRequired: false, log });
    audit.record(entry);
    audit.record(entry);
    assert.equal(log.text(), 'warning: Cannot record what plugins do with their powers: no space');
  });

  it('throws where it is required and fails', () => {
    const audit = openAudit({ write: failing, isRequired: true, log: memoryLog() });
    for (let time = 0; time < 2; time++) assert.throws(() => audit.record(entry), { code: 'POWER_NOT_AUDITED' });
  });

  it('tells a power that was refused from one that failed', () => {
    assert.deepEqual(judgeError(pluginError('POWER_NOT_GRANTED', '')), { decision: 'denied', reason: 'POWER_NOT_GRANTED' });
    assert.deepEqual(judgeError(pluginError('POWER_FILE_UNREADABLE', '')), { decision: 'allowed', reason: 'POWER_FILE_UNREADABLE' });
    assert.deepEqual(judgeError(new Error('x')), { decision: 'allowed', reason: 'POWER_FAILED' });
  });
});

describe('the uses of powers that are recorded', () => {
  let scene: TestHost | undefined;
  let directory: string;
  let lines: string[];
  beforeEach(async () => {
    lines = [];
    directory = await mkdtemp(join(tmpdir(), 'bulkhead-audit-'));
    await writeFile(join(directory, 'file'), 'the content of the file');
  });
  afterEach(async () => {
    await scene?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const remember = (line: string) => void lines.push(line);
  /** Runs `body` in engineConfig, with `directory` and the variable A granted. */
  async function use(
    body: string,
    { isRequired = false, write = remember }: { isRequired?: boolean; write?: (line: string) => void } = {},
  ): Promise<string> {
    const log = memoryLog();
    scene = await openTestHost({ env: { A: 'the value of A' }, audit: openAudit({ write, isRequired, log }) });
    const plugin = scene.plugin(
      scriptOf(
        `async engineConfig(_, host) { const tell = (e) => e.code; return { env: { R: String(await (async () => { ${body} })()) } } }`,
      ),
      { grants: { readFile: [directory], writeFile: [directory], env: ['A', 'B'] } },
    );
    const answer = await plugin.ask('engineConfig', { config: buildConfig() });
    return `${answer?.env?.['R'] ?? ''}${log.text()}`;
  }
  const told = () =>
    lines.map((line) => {
      const { power, callback, argument, decision, reason } = JSON.parse(line) as Record<string, unknown>;
      return { power, callback, argument, decision, ...(reason !== undefined && { reason }) };
    });
  const inConfig = { callback: 'engineConfig', decision: 'allowed' };

  it('are each one line, with what they touched and never with what was there', async () => {
    await use(`await host.store.set('k', 'the value of k'); await host.store.get('k'); await host.store.keys(); await host.store.delete('k');
      await host.readFile('${directory}/file'); host.env('A')`);
    assert.deepEqual(told(), [
      { power: 'env', callback: null, argument: { names: ['A', 'B'] }, decision: 'allowed' },
      { ...inConfig, power: 'storeSet', argument: { key: 'k', characters: 14 } },
      { ...inConfig, power: 'storeGet', argument: { key: 'k' } },
      { ...inConfig, power: 'storeKeys', argument: {} },
      { ...inConfig, power: 'storeDelete', argument: { key: 'k' } },
      { ...inConfig, power: 'readFile', argument: { path: `${directory}/file` } },
    ]);
    assert.ok(!/the (value|content) of/.test(lines.join('')), lines.join(''));
  });

  it('are each told by what they would touch, also of a file that is written, a server and a program', async () => {
    await use(`await host.writeFile('${directory}/new', 'the content of new');
      await host.fetch('https://example.com/the-value-of?the=token').catch(tell);
      await host.exec('/bin/nothing', ['--all', 'x\\ny']).catch(tell)`);
    const denied = { decision: 'denied', reason: 'POWER_NOT_GRANTED' };
    assert.deepEqual(told().slice(1), [
      { ...inConfig, power: 'writeFile', argument: { path: `${directory}/new`, characters: 18 } },
      { ...inConfig, power: 'fetch', argument: { method: 'GET', server: 'https://example.com' }, ...denied },
      { ...inConfig, power: 'exec', argument: { program: '/bin/nothing', args: ['--all', 'x\ny'] }, ...denied },
    ]);
    assert.ok(!/the.(value|content).of|token/.test(lines.join('')), lines.join(''));
  });

  it('are not those of log and print', async () => {
    await use(`host.log.info('a'); host.print('b')`);
    assert.deepEqual(told().slice(1), []);
  });

  it('say what was denied, what failed and what was no argument at all', async () => {
    await use(`await host.readFile('/etc/passwd').catch(tell); await host.readFile('${directory}/none').catch(tell);
      await host.readFile('a secret that is no path').catch(tell)`);
    assert.deepEqual(told().slice(1), [
      { ...inConfig, power: 'readFile', argument: { path: '/etc/passwd' }, decision: 'denied', reason: 'POWER_NOT_GRANTED' },
      { ...inConfig, power: 'readFile', argument: { path: `${directory}/none` }, reason: 'POWER_FILE_UNREADABLE' },
      { power: 'readFile', callback: null, argument: null, decision: 'denied', reason: 'POWER_BAD_ARGUMENT' },
    ]);
    assert.ok(!lines.join('').includes('a secret'));
  });

  it('go on where the record fails, with one warning', async () => {
    const write = () => {
      throw new Error('no space');
    };
    const said = await use(`return await host.readFile('${directory}/file')`, { write });
    assert.equal(said, 'the content of the filewarning: Cannot record what plugins do with their powers: no space');
  });

  describe('where the policy requires records', () => {
    const isRequired = true;

    it('are asked for before and told after, joined by an id', async () => {
      await use(`await host.readFile('${directory}/file'); await host.readFile('/etc/passwd').catch(tell)`, { isRequired });
      const [, ...rest] = lines.map((line) => JSON.parse(line) as { decision: string; use: string });
      assert.deepEqual(
        rest.map(({ decision }) => decision),
        ['asked', 'allowed', 'asked', 'denied'],
      );
      assert.equal(rest[0]?.use, rest[1]?.use);
      assert.equal(rest[2]?.use, rest[3]?.use);
      assert.notEqual(rest[0]?.use, rest[2]?.use);
    });

    it('do not happen where the record fails', async () => {
      const write = (line: string) => {
        lines.push(line);
        if (lines.length > 1) throw new Error('no space');
      };
      assert.match(await use(`return await host.store.set('k', 'v').catch(tell)`, { isRequired, write }), /^POWER_NOT_AUDITED/);
      assert.deepEqual(await readdir(scene?.stateDirectory ?? ''), []);
    });

    it('happen where it does not', async () => {
      assert.equal(await use(`return await host.store.set('k', 'v').catch(tell)`, { isRequired }), 'undefined');
      assert.equal((await readdir(scene?.stateDirectory ?? '')).length, 1);
    });

    it('give no answer where the record fails after them', async () => {
      const write = (line: string) => {
        if (line.includes('"allowed"') && line.includes('readFile')) throw new Error('no space');
      };
      assert.match(await use(`return await host.readFile('${directory}/file').catch(tell)`, { isRequired, write }), /^POWER_NOT_AUDITED/);
    });

    it('do not even start a plugin that has variables, where the record fails', async () => {
      const write = () => {
        throw new Error('no space');
      };
      await assert.rejects(use('', { isRequired, write }), { code: 'POWER_NOT_AUDITED' });
    });
  });
});
