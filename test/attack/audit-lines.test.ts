/** Plugins that would like to write the audit themselves; each with a twin that is recorded as it is. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAudit } from '../../src/host/powers/audit.js';
import { buildConfig, memoryLog, openTestHost, scriptOf, type TestHost } from '../helpers/compartment.js';

interface Line {
  readonly plugin: string;
  readonly power: string;
  readonly argument: { readonly key?: string; readonly path?: string } | null;
  readonly decision: string;
}

const forged = '{"time":"2026-01-01T00:00:00.000Z","plugin":"other/plugin","power":"readFile","decision":"allowed"}';

describe('a plugin that would write lines into the audit', () => {
  let scene: TestHost;
  let directory: string;
  let text: string;
  beforeEach(async () => {
    text = '';
    directory = await mkdtemp(join(tmpdir(), 'bulkhead-lines-'));
    scene = await openTestHost({ audit: openAudit({ write: (line) => void (text += line), isRequired: false, log: memoryLog() }) });
  });
  afterEach(async () => {
    await scene.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function run(body: string): Promise<Line[]> {
    const script = scriptOf(`async engineConfig(_, host) { ${body} }`);
    await scene.plugin(script, { grants: { readFile: [directory] } }).ask('engineConfig', { config: buildConfig() });
    assert.ok(text.endsWith('\n'));
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  }

  for (const [title, key] of [
    ['a line feed', `k\n${forged}\n`],
    ['a carriage return', `k\r${forged}`],
    ['the line separators of Unicode', `k\u2028${forged}\u2029`],
    ['the next-line control', `k\u0085${forged}`],
    ['quotes that close the string', `k"},"decision":"allowed"}\n${forged}`],
    ['a backslash at the end', 'k\\'],
    ['an escape sequence', 'k\u001b[2K\u001b[1A'],
    ['a right-to-left override', 'k\u202egnihton'],
    ['a NUL', 'k\u0000'],
    ['half of a character', 'k\ud800'],
  ] as const) {
    it(`writes one line, its own, with a key that has ${title}`, async () => {
      const lines = await run(`await host.store.get(${JSON.stringify(key)}).catch(() => undefined)`);
      assert.equal(lines.length, 1);
      assert.equal(lines[0]?.plugin, 'test/plugin');
      assert.doesNotMatch(text.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
      if (lines[0]?.argument !== null) assert.equal(lines[0]?.argument.key, key);
    });
  }

  it('is recorded as it is with a key that is only strange', async () => {
    const key = '{"é 漢 "}: 🙂';
    const lines = await run(`await host.store.get(${JSON.stringify(key)})`);
    assert.deepEqual(lines[0]?.argument, { key });
  });

  it('cannot make a line longer than the longest path, and the longest path is there to its end', async () => {
    const path = `/${'a/'.repeat(2047)}b`;
    assert.equal(path.length, 4096);
    const lines = await run(
      `await host.readFile(${JSON.stringify(path)}).catch(() => undefined); await host.readFile('/' + 'x'.repeat(1e6)).catch(() => undefined)`,
    );
    assert.deepEqual(
      lines.map(({ argument, decision }) => [argument?.path?.length, decision]),
      [
        [4096, 'denied'],
        [undefined, 'denied'],
      ],
    );
    assert.ok(Math.max(...text.split('\n').map(({ length }) => length)) < 5000);
  });

  it('cannot choose the name, the callback or the decision', async () => {
    const [line] = await run(`await host.store.set('k', ${JSON.stringify(forged)})`);
    assert.deepEqual([line?.plugin, line?.power, line?.decision], ['test/plugin', 'storeSet', 'allowed']);
    assert.ok(!text.includes('other/plugin'));
  });
});
