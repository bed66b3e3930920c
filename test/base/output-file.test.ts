import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openOutputFile } from '#base/output-file.js';

interface Line {
  readonly time: string;
  readonly stream: string;
  readonly text?: string;
  readonly base64?: string;
}

describe('the output of a container on disk', () => {
  let directory: string;
  let path: string;
  const lost: string[] = [];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bulkhead-output-'));
    path = join(directory, 'output.jsonl');
  });
  afterEach(() => rm(directory, { recursive: true }));

  const open = (fileBytesMax?: number) =>
    openOutputFile({ path, onLost: (why) => lost.push(why), ...(fileBytesMax === undefined ? {} : { fileBytesMax }) });
  const read = async (file = path): Promise<Line[]> =>
    (await readFile(file, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);

  it('has a line for each line, and the beginning of one as it came', async () => {
    const output = open();
    output.write('stdout', Buffer.from('one\ntwo\nth'));
    output.write('stderr', Buffer.from('no\n'));
    output.write('stdout', Buffer.from('ree\n'));
    output.close();
    const lines = await read();
    const expected = [
      ['stdout', 'one\n'],
      ['stdout', 'two\n'],
      ['stdout', 'th'],
      ['stderr', 'no\n'],
      ['stdout', 'ree\n'],
    ];
    assert.deepEqual(
      lines.map(({ stream, text }) => [stream, text]),
      expected,
    );
    for (const { time } of lines) assert.equal(new Date(time).toISOString(), time);
  });

  it('keeps a character whole that comes in two parts, and bytes that are none as they are', async () => {
    const output = open();
    const bytes = Buffer.from('a€b\n');
    output.write('stdout', bytes.subarray(0, 2));
    output.write('stdout', bytes.subarray(2));
    output.write('stdout', Buffer.from([0xff, 0xfe, 0x0a]));
    output.write('stdout', Buffer.from([0xe2, 0x82]));
    output.close();
    const lines = await read();
    assert.equal(lines.map(({ text = '' }) => text).join(''), 'a€b\n');
    assert.deepEqual(
      lines.flatMap(({ base64 }) => (base64 === undefined ? [] : [Buffer.from(base64, 'base64').toString('hex')])),
      ['fffe0a', 'e282'],
    );
  });

  it('divides a line that is very long, between characters', async () => {
    const output = open();
    const text = '€'.repeat(100_000);
    output.write('stdout', Buffer.from(text));
    output.close();
    const lines = await read();
    assert.ok(lines.length > 1);
    assert.equal(lines.map((line) => line.text).join(''), text);
  });

  it('goes on after what is there, and keeps four files of bounded size', async () => {
    for (const start of [0, 100, 200]) {
      const output = open(2_000);
      for (let number = start; number < start + 100; number += 1) output.write('stdout', Buffer.from(`${number}\n`));
      output.close();
    }
    const files = [`${path}.3`, `${path}.2`, `${path}.1`, path];
    assert.ok(!existsSync(`${path}.4`));
    const kept = (await Promise.all(files.map((file) => read(file)))).flat().map(({ text }) => Number(text));
    assert.equal(kept.at(-1), 299);
    assert.deepEqual(
      kept,
      kept.map((_, index) => (kept[0] ?? 0) + index),
    );
    for (const file of files) assert.ok((await readFile(file)).length <= 2_000);
    assert.deepEqual(lost, []);
  });

  it('says once that nothing can be written any more, and never throws', () => {
    const told: string[] = [];
    const output = openOutputFile({ path: '/dev/full', onLost: (why) => told.push(why) });
    for (const line of ['one\n', 'two\n']) output.write('stdout', Buffer.from(line));
    output.close();
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /ENOSPC/);
  });
});
