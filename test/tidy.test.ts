/** House rules that no linter knows. Each that fails says where, and names the better way. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import { callbackNames } from '@bulkhead/plugin-sdk/contract';

const root = fileURLToPath(new URL('..', import.meta.url));
const notOurs = /(^|\/)(node_modules|dist|dist\.new|coverage|\.git)\/|(^|\/)package-lock\.json$|\.(sif|tsbuildinfo)$/;

const files = listFiles('');
const sources = files.filter((file) => /^(src|plugin-sdk)\/.*\.(ts|cjs)$/.test(file) && !file.startsWith('plugin-sdk/api/'));
/** The first argument of each call that makes an error: a code, or a choice among codes. */
const codes = sources
  .filter((file) => file !== 'src/base/errors.ts')
  .flatMap((file) =>
    [...read(file).matchAll(/\b(?:userError|pluginError|bugError)\(\s*([^,)]+)/g)].map(([, code = '']) => ({ file, code })),
  );

describe('the tree is tidy', () => {
  it('paths that Bulkhead chooses are in src/base/paths.ts', () => {
    // /usr/local/bin and /run/current-system are places of the system, where programs are looked for.
    const own = /['"`](?:\/usr\/local\/(?!s?bin)|\/var\/lib\b|\/run\/(?!current-system))/;
    none(matching(sources, own, ['src/base/paths.ts']), 'take the path from Paths, and add one there where it is missing');
  });

  it('only the command line ends the process', () => {
    const elsewhere = sources.filter((file) => !file.startsWith('src/cli/'));
    none(
      matching(elsewhere, /\bprocess\.(exit|abort|reallyExit)\s*\(/),
      'throw an error from errors.ts; src/cli prints it and chooses the exit code',
    );
  });

  it('each room has a door that opens with a comment', () => {
    const rooms = new Set(files.flatMap((file) => /^src\/([^/]+)\/.*\.ts$/.exec(file)?.[1] ?? []));
    // base has no door: it is a box of single tools.
    const doors = [...rooms].filter((room) => room !== 'base').map((room) => `src/${room}/${room}.ts`);
    none(
      ['plugin-sdk/contract/contract.ts', ...doors].filter((door) => !existsSync(root + door) || !read(door).startsWith('/**')),
      'begin the file of the room’s name with a paragraph and a drawing of what the room is',
    );
  });

  it('each error code is a literal, in capitals', () => {
    const unreadable = codes.filter(({ code }) => !/'[A-Z][A-Z0-9]*(_[A-Z0-9]+)*'/.test(code));
    none(
      unreadable.map(({ file, code }) => `${file}: ${code}`),
      "pass the code as 'UPPER_SNAKE', so that docs/errors.md can be compared with it",
    );
  });

  it('docs/errors.md has an entry for each error code, and no other', () => {
    const thrown = new Set(codes.flatMap(({ code }) => [...code.matchAll(/'([A-Z0-9_]+)'/g)].map(([, literal = '']) => literal)));
    const documented = [...read('docs/errors.md').matchAll(/^(?:#+|\||-) *`?([A-Z][A-Z0-9_]{2,})\b/gm)].map(([, code = '']) => code);
    const text = sources.map(read).join('\n');
    none(
      [...thrown].filter((code) => !documented.includes(code)),
      'add to docs/errors.md the code, its cause and its mend, as "| `CODE` | cause | mend |"',
    );
    none(
      documented.filter((code) => !text.includes(`'${code}'`)),
      'remove from docs/errors.md what no code throws',
    );
  });

  it('each callback of the contract has a sample that uses it', () => {
    const samples = files.filter((file) => /^samples\/.*\.ts$/.test(file) && !file.endsWith('.test.ts')).map(read);
    const used = (name: string) => new RegExp(String.raw`\b${name === 'command' ? 'commands' : name}\s*[:(]`);
    none(
      callbackNames.filter((name) => !samples.some((sample) => used(name).test(sample))),
      'add a plugin under samples/ that uses it, with a test',
    );
  });

  it('no file of src has more than 400 lines', () => {
    none(
      sources.filter((file) => read(file).split('\n').length > 401),
      'divide it: one file, one noun or verb of its room',
    );
  });

  it('each decision has a date', () => {
    const decisions = files.filter((file) => /^docs\/decisions\/.*\.md$/.test(file));
    none(
      decisions.filter((file) => !/^20\d\d-[01]\d-[0-3]\d\b/m.test(read(file))),
      'write the date, such as 2026-11-23, on a line under the title',
    );
  });

  it('each rule that is switched off says why', () => {
    const silent = /eslint-disable(?!.*? -- \S)|@ts-(?:ignore|nocheck)|@ts-expect-error(?!: \S)/;
    none(matching(code(), silent), 'write `-- why` after eslint-disable, `: why` after @ts-expect-error');
  });

  it('each page of docs that the code mentions exists', () => {
    const mentions = code().flatMap((file) => [...read(file).matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([page]) => ({ file, page })));
    none(
      mentions.filter(({ page }) => !existsSync(root + page)).map(({ file, page }) => `${file}: ${page}`),
      'mend the reference, or write the page',
    );
  });

  it('no file names a path of the machine it was written on', () => {
    const machine = new RegExp(['', 'work', String.raw`\w`].join('/'));
    none(matching(files, machine), 'name a path relative to the repository, or an invented one such as /home/ann');
  });
});

/** Code of ours, this file aside: it names what it looks for. */
function code(): string[] {
  return files.filter((file) => /\.(ts|js|cjs)$/.test(file) && file !== 'test/tidy.test.ts');
}

function none(found: readonly string[], betterWay: string): void {
  assert.equal(found.length, 0, `${betterWay}:\n  ${found.join('\n  ')}`);
}

function matching(among: readonly string[], pattern: RegExp, except: readonly string[] = []): string[] {
  const lines = (file: string) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) && !isComment(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
  return among.filter((file) => !except.includes(file)).flatMap(lines);
}

/** A rule about code lets a comment give examples. */
function isComment(line: string): boolean {
  return /^\s*(?:\/?\*|\/\/)/.test(line) && !/eslint-|@ts-/.test(line);
}

function read(file: string): string {
  return existsSync(root + file) ? readFileSync(root + file, 'utf8') : '';
}

function listFiles(directory: string): string[] {
  return readdirSync(root + directory, { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}${entry.name}`;
    if (notOurs.test(`${path}${entry.isDirectory() ? '/' : ''}`)) return [];
    return entry.isDirectory() ? listFiles(`${path}/`) : entry.isFile() ? [path] : [];
  });
}
