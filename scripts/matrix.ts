/**
 * The test suite on each Node that Bulkhead promises: `npm run test:matrix [-- MOCHA ARGUMENTS or FILES]`.
 *
 *      matrix/package.json   which Nodes, as aliases node20-x64, …; matrix/package-lock.json holds their digests
 *      matrix/node_modules   installed by this script, so that `npm ci` of the project brings none
 *      MATRIX=20,26          only these
 *
 * For each Node: build (the guest's code cache is of one version), then mocha, both run by that Node, which is also first on PATH.
 * Prints the failures, a table, and exits with 1 where a test failed or the suite did not come to its end.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const matrix = join(root, 'matrix');
const suite = ['test/**/*.test.ts', 'samples/**/*.test.ts'];

interface Report {
  readonly stats: { readonly passes: number; readonly failures: number; readonly pending: number; readonly duration: number };
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[];
}

interface Outcome {
  readonly version: string;
  readonly report: Report | undefined;
  /** Why there is no report. */
  readonly problem: string;
}

function main(words: readonly string[]): void {
  install();
  const files = words.some((word) => !word.startsWith('-') && existsSync(join(root, word))) ? words : [...words, ...suite];
  const outcomes = chooseNodes().map((node) => test(node, files));
  // The tree as it was: built by the Node that is in use.
  run(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], process.env);
  print(outcomes);
  process.exitCode = outcomes.every(({ report }) => report?.stats.failures === 0 && report.stats.passes > 0) ? 0 : 1;
}

/** `npm ci` checks each package against its digest. Done again where another lock file was installed. */
function install(): void {
  const installed = join(matrix, 'node_modules/.package-lock.json');
  if (existsSync(installed) && versionsIn(installed) === versionsIn(join(matrix, 'package-lock.json'))) return;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: matrix, stdio: 'inherit' });
  if (status !== 0) throw new Error('Cannot install the Nodes of matrix/package-lock.json');
}

/** Of this machine's architecture. */
function versionsIn(lockFile: string): string {
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8')) as { packages: Record<string, { version?: string }> };
  const here = Object.entries(packages).filter(([path]) => path.endsWith(`-${process.arch}`));
  return here.map(([path, { version = '' }]) => `${path}@${version}`).join();
}

function chooseNodes(): string[] {
  const { optionalDependencies } = JSON.parse(readFileSync(join(matrix, 'package.json'), 'utf8')) as { optionalDependencies: object };
  const wanted = process.env['MATRIX']?.split(',').map((major) => `node${major}-${process.arch}`);
  const names = Object.keys(optionalDependencies).filter((name) => name.endsWith(`-${process.arch}`) && (wanted?.includes(name) ?? true));
  if (names.length === 0)
    throw new Error(`There is no Node in matrix/package.json for ${process.arch} and MATRIX=${process.env['MATRIX'] ?? ''}`);
  return names.map((name) => join(matrix, 'node_modules', name, 'bin/node'));
}

function test(node: string, words: readonly string[]): Outcome {
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  process.stderr.write(`==> Node ${version}\n`);
  // Certificates are of no use to the tests, and reading them doubles the start of node.
  const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env;
  const env = { ...inherited, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` };
  const build = run(node, ['--import', 'tsx', 'scripts/build.ts'], env);
  if (build !== '') return { version, report: undefined, problem: `the build failed: ${build}` };
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-matrix-'));
  const file = join(directory, 'report.json');
  try {
    const problem = run(
      node,
      ['node_modules/mocha/bin/mocha.js', '--reporter', 'json', '--reporter-option', `output=${file}`, ...words],
      env,
    );
    return { version, report: existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : undefined, problem };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Answers with what it said where it failed, else with nothing. */
function run(program: string, words: readonly string[], env: NodeJS.ProcessEnv): string {
  const { status, signal, stderr } = spawnSync(program, words, {
    cwd: root,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    maxBuffer: 2 ** 28,
  });
  return status === 0 ? '' : `${signal ?? `exit ${status}`}\n${stderr.slice(-4000)}`;
}

function print(outcomes: readonly Outcome[]): void {
  for (const { version, report, problem } of outcomes) {
    if (report === undefined) process.stdout.write(`\nNode ${version}: the suite did not come to its end: ${problem}\n`);
    for (const { fullTitle, err } of report?.failures ?? [])
      process.stdout.write(`\nNode ${version}: ${fullTitle}\n    ${err.message ?? ''}\n`);
  }
  process.stdout.write('\nnode        passed  failed  skipped  seconds\n');
  for (const { version, report } of outcomes) {
    const { passes, failures, pending, duration } = report?.stats ?? { passes: 0, failures: 'no end', pending: 0, duration: 0 };
    const cells = [passes, failures, pending, Math.round(duration / 1000)].map((cell, index) =>
      String(cell).padStart([6, 8, 9, 9][index] ?? 0),
    );
    process.stdout.write(`${version.padEnd(12)}${cells.join('')}\n`);
  }
}

main(process.argv.slice(2));
