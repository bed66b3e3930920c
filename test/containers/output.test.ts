import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { appendFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import {
  createRecord,
  readOutput,
  referToProcess,
  removeRecord,
  writeState,
  type ContainerPlace,
  type OutputLine,
  type OutputOptions,
  type OutputPart,
} from '#containers/containers.js';
import { inTemporaryDirectory } from '../engine/fixtures/temporary.js';

describe('the output of a container', () => {
  it('is read from the oldest file to the youngest, in the order in which it was written', async () => {
    await withContainer(async (place) => {
      assert.equal(await readText(place), '');
      await write(place, '.10', [line('a\n')]);
      await write(place, '.2', [line('b\n'), line('c\n', 'stderr')]);
      await write(place, '.1', [line('d\n')]);
      await write(place, '', [line('e\n')]);
      await write(place, '.old', [line('not mine\n')]);
      assert.equal(await readText(place), 'a\nb\nc\nd\ne\n');
      const parts = await read(place);
      assert.deepEqual(
        parts.map(({ stream }) => stream),
        ['stdout', 'stdout', 'stderr', 'stdout', 'stdout'],
      );
    });
  });

  it('is the very bytes, also where they are no text', async () => {
    await withContainer(async (place) => {
      const bytes = Buffer.from([0xff, 0, 10, 0x1b, 0xc3]);
      await write(place, '', [{ time: TIME, stream: 'stdout', base64: bytes.toString('base64') }, line('ü\u001b[31m')]);
      const parts = await read(place);
      assert.deepEqual(Buffer.concat(parts.map((part) => part.bytes)), Buffer.concat([bytes, Buffer.from('ü\u001b[31m')]));
    });
  });

  it('ends with so many lines as are asked for, whatever parts they came in', async () => {
    await withContainer(async (place) => {
      await write(place, '.1', [line('1\n2\n3')]);
      await write(place, '', [line('+3\n4\n'), line('e\n', 'stderr'), line('5')]);
      const expected: readonly (readonly [number, string])[] = [
        [0, ''],
        [1, '5'],
        [2, 'e\n5'],
        [3, '4\ne\n5'],
        [4, '3+3\n4\ne\n5'],
        [6, '1\n2\n3+3\n4\ne\n5'],
        [100, '1\n2\n3+3\n4\ne\n5'],
      ];
      for (const [tail, text] of expected) assert.equal(await readText(place, { tail }), text, `tail ${tail}`);
    });
  });

  it('is left closed by who has read enough of it', async () => {
    await withContainer(async (place) => {
      for (const suffix of ['.2', '.1', '']) await write(place, suffix, [line('a\n'), line('b\n')]);
      const parts = readOutput(place, { follow: false, warn: assert.fail })[Symbol.asyncIterator]();
      await parts.next();
      await parts.return?.(undefined);
      const open = readdirSync('/proc/self/fd').map((fd) => readLinkOrNothing(`/proc/self/fd/${fd}`));
      assert.deepEqual(
        open.filter((file) => file.startsWith(place.path)),
        [],
      );
    });
  });

  it('begins at a time', async () => {
    await withContainer(async (place) => {
      const at = (second: number) => `2026-11-23T12:00:0${second}.000Z`;
      await write(
        place,
        '',
        [1, 2, 3].map((second) => ({ ...line(`${second}\n`), time: at(second) })),
      );
      assert.equal(await readText(place, { sinceMs: Date.parse(at(2)) }), '2\n3\n');
      assert.equal(await readText(place, { sinceMs: Date.parse(at(2)) + 1 }), '3\n');
      assert.equal(await readText(place, { sinceMs: Date.parse(at(1)), tail: 1 }), '3\n');
    });
  });

  it('is told to be damaged once, and the rest of it is read', async () => {
    await withContainer(async (place) => {
      await write(place, '.1', [line('a\n')]);
      await appendFile(join(place.path, 'output.jsonl.1'), '{"time":"now"}\nno json\n{"time":"2026-11-23T12:0');
      await write(place, '', [line('b\n')]);
      const told: string[] = [];
      assert.equal(await readText(place, { warn: (text) => told.push(text) }), 'a\nb\n');
      assert.equal(told.length, 1);
    });
  });

  it('is followed across rotations until the container ends, and what came at the very end is in it', async () => {
    await withContainer(async (place) => {
      const monitor = referToProcess(process.pid);
      assert.ok(monitor);
      await writeState(place, { status: 'running', monitor });
      await write(place, '', [line('0\n')]);
      const parts = readOutput(place, { follow: true, warn: assert.fail });
      const next = async (): Promise<string | undefined> => text((await parts.next()).value as OutputPart | undefined);
      assert.equal(await next(), '0\n');
      await write(place, '', [line('1\n')]);
      await rotate(place);
      await write(place, '', [line('2\n')]);
      await rotate(place);
      await write(place, '', [line('3\n')]);
      assert.deepEqual([await next(), await next(), await next()], ['1\n', '2\n', '3\n']);
      await write(place, '', [line('4\n')]);
      await writeState(place, { status: 'stopped', exitCode: 0 });
      assert.deepEqual([await next(), await next()], ['4\n', undefined]);
    });
  });

  it('of one that is removed at its end is read to its end', async () => {
    await withContainer(async (place) => {
      const monitor = referToProcess(process.pid);
      assert.ok(monitor);
      await writeState(place, { status: 'running', monitor });
      await write(place, '', [line('0\n')]);
      const parts = readOutput(place, { follow: true, warn: assert.fail });
      assert.equal(text((await parts.next()).value as OutputPart), '0\n');
      await write(place, '', [line('1\n')]);
      await removeRecord(place);
      assert.equal(text((await parts.next()).value as OutputPart), '1\n');
      assert.equal((await parts.next()).done, true);
    });
  });
});

const TIME = '2026-11-23T12:00:00.000Z';

function line(words: string, stream: 'stdout' | 'stderr' = 'stdout'): OutputLine {
  return { time: TIME, stream, text: words };
}

async function write(place: ContainerPlace, suffix: string, lines: readonly OutputLine[]): Promise<void> {
  await appendFile(join(place.path, `output.jsonl${suffix}`), lines.map((one) => `${JSON.stringify(one)}\n`).join(''));
}

/** As a monitor does that keeps two old files. */
async function rotate({ path }: ContainerPlace): Promise<void> {
  const file = (suffix: string): string => join(path, `output.jsonl${suffix}`);
  await rm(file('.2'), { force: true });
  await rename(file('.1'), file('.2')).catch(() => undefined);
  await rename(file(''), file('.1'));
  await writeFile(file(''), '');
}

async function read(place: ContainerPlace, options: Partial<OutputOptions> = {}): Promise<OutputPart[]> {
  const parts: OutputPart[] = [];
  for await (const part of readOutput(place, { follow: false, warn: assert.fail, ...options })) parts.push(part);
  return parts;
}

async function readText(place: ContainerPlace, options: Partial<OutputOptions> = {}): Promise<string> {
  return (await read(place, options)).map(text).join('');
}

function text(part: OutputPart | undefined): string | undefined {
  return part && Buffer.from(part.bytes).toString();
}

async function withContainer(use: (place: ContainerPlace) => Promise<void>): Promise<void> {
  await inTemporaryDirectory(async (directory) => {
    const roots = { kept: join(directory, 'kept'), passing: join(directory, 'passing') };
    const invocation = { words: [], pluginDirectories: [], cwd: '/' };
    const draft = { image: '', command: [], autoRemove: false, tty: false, interactive: false, invocation };
    await use(await createRecord(roots, draft, { isKept: true }));
  });
}

/** The list itself was an open file. */
function readLinkOrNothing(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
