/**
 * `npm run acceptance`: writes docs/acceptance.md, which test shows which acceptance case of the plugins of other projects. The
 * cases are numbered as their upstream tests were collected; a test names those that it shows at the end of its title: `(apptainer 29-31, 40)`.
 * With `--check` nothing is written, and it fails where the page is no longer true or where a case has neither a test nor a reason.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import prettier from 'prettier';
import * as v from 'valibot';
import { projects, type Project } from './acceptance-cases.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const pageFile = `${root}/docs/acceptance.md`;

const report = v.object({ tests: v.array(v.object({ title: v.string(), fullTitle: v.string(), file: v.string() })) });
type Test = v.InferOutput<typeof report>['tests'][number];

/** `(apptainer 1, 3-5)` at the end of a title, before what mocha or a skipped test adds. */
const anyTag = new RegExp(String.raw`\((${projects.map(({ tag }) => tag).join('|')}) ([\d, -]+)\)`, 'g');

interface Shown {
  readonly project: Project;
  readonly tests: ReadonlyMap<number, readonly Test[]>;
}

async function main(): Promise<void> {
  const all = listTests();
  const shown = projects.map((project) => ({ project, tests: collect(project, all) }));
  const unknown = shown.flatMap(({ project, tests }) =>
    name(
      project,
      [...tests.keys()].filter((one) => !wantedNumbers(project).includes(one)),
    ),
  );
  if (unknown.length > 0) fail(`Tests name cases that there are not: ${unknown.join(', ')}`);
  const page = await prettier.format(draw(shown), { ...(await prettier.resolveConfig(pageFile)), filepath: pageFile });
  if (!process.argv.includes('--check')) writeFileSync(pageFile, page);
  else if (readFileSync(pageFile, 'utf8') !== page)
    fail('docs/acceptance.md no longer tells which tests show what. Next: npm run acceptance');
  const missing = shown.flatMap(({ project, tests }) =>
    name(
      project,
      wantedNumbers(project).filter((one) => !tests.has(one) && !(one in project.notOurs)),
    ),
  );
  if (missing.length > 0) fail(`Cases without a test, and without a reason in scripts/acceptance-cases.ts: ${missing.join(', ')}`);
}

function name({ tag }: Project, numbers: readonly number[]): string[] {
  return numbers.map((number) => `${tag} ${number}`);
}

/** What mocha would run, as mocha itself tells it; nothing runs. */
function listTests(): Test[] {
  const mocha = `${root}/node_modules/mocha/bin/mocha.js`;
  const words = ['--dry-run', '--reporter', 'json', 'test/**/*.test.ts', 'samples/**/*.test.ts'];
  const output = execFileSync(process.execPath, [mocha, ...words], {
    cwd: root,
    maxBuffer: 64 * 1024 ** 2,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return v.parse(report, JSON.parse(output.toString())).tests;
}

function collect({ tag }: Project, tests: readonly Test[]): Map<number, Test[]> {
  const shown = new Map<number, Test[]>();
  for (const test of tests)
    for (const [, ofTag, list = ''] of test.fullTitle.matchAll(anyTag))
      for (const number of ofTag === tag ? new Set(list.split(',').flatMap(expand)) : [])
        shown.set(number, [...(shown.get(number) ?? []), test]);
  return shown;
}

/** `7`, or `3-5`. */
function expand(range: string): number[] {
  const [first = Number.NaN, last = first] = range.split('-').map(Number);
  if (!Number.isInteger(first) || !Number.isInteger(last) || last < first) fail(`A title names the cases ${JSON.stringify(range)}`);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function wantedNumbers({ areas }: Project): number[] {
  return areas.flatMap(({ from, to }) => expand(`${from}-${to}`));
}

function draw(shown: readonly Shown[]): string {
  const intro =
    '# Which test shows which acceptance case\n\nGenerated from the titles of the tests by `npm run acceptance`; do not edit.\n';
  return [intro, ...shown.map(drawProject)].join('\n');
}

function drawProject({ project, tests }: Shown): string {
  const parts = project.areas.map(({ from, to, about }) => {
    const rows = expand(`${from}-${to}`).map(
      (number) => `| ${number} | ${describeTests(tests.get(number)) ?? project.notOurs[number] ?? '**nothing yet**'} |`,
    );
    return `### ${from} to ${to}: ${about}\n\n| case | shown by |\n| --- | --- |\n${rows.join('\n')}\n`;
  });
  return `## ${project.name}\n\n${project.about}\n\n${parts.join('\n')}`;
}

function describeTests(tests: readonly Test[] | undefined): string | undefined {
  return tests
    ?.map(({ fullTitle, file }) => `${escape(fullTitle.replaceAll(anyTag, '').replace(/\s+/g, ' ').trim())} (\`${relative(root, file)}\`)`)
    .join('; ');
}

function escape(text: string): string {
  return text.replace(/[\\|`*_<>[\]]/g, '\\$&');
}

function fail(why: string): never {
  console.error(why);
  process.exit(1);
}

await main();
