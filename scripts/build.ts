/**
 * `npm run build`: writes `dist/` (the CLI and the guest) and `plugin-sdk/dist/` (what authors import).
 *
 *   dist/cli/             cli.cjs (loader), cli-bundle.cjs (all commands, with what they need of npm: one file) and V8's code cache for this Node
 *   dist/guest/           guest.cjs (loader), process.cjs (program of a helper process), guest-bundle.cjs (SES, comlink, the guest: one file) and its cache
 *   dist/template/       what `plugin create` writes
 *   dist/unpack/          unpack-thread.js: the thread that unpacks streams of images
 *   dist/images/          convert-thread.js: the thread that makes one file system of the layers of an image
 *   dist/monitor/         monitor.js: the program that watches over a container in the background; plugin-host.js: where its plugins run
 *   dist/services/        daemon.js: holds the endpoints of services; keeper.js: keeps one that runs
 *   dist/sdk/             what `plugin compile` bundles where the author has not installed @bulkhead/plugin-sdk
 *   plugin-sdk/dist/      plugin-sdk.js, contract.js, testing.js (with a guest of its own), and the declarations
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Plugin, type Command } from '@oclif/core';
import { build, type BuildOptions } from 'esbuild';
import { lazyModules } from './bundle/lazy-modules.js';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

const packageJson = createRequire(import.meta.url)(join(root, 'package.json')) as { dependencies: Record<string, string> };
const dependencies = Object.keys(packageJson.dependencies);

const node: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  conditions: ['bulkhead-source'],
  external: dependencies,
  logLevel: 'warning',
};

/** To be loaded by src/base/load-bundle.cjs: a script from V8's cache has no import(), and the packages outside can be required. */
const commonJs: BuildOptions = { format: 'cjs', define: { 'import.meta.url': 'bundleUrl' }, supported: { 'dynamic-import': false } };

/** Built beside `dist/` and then put in its place, so that whoever runs meanwhile finds one or the other. */
const fresh = 'dist.new';

async function main(): Promise<void> {
  rmSync(fresh, { recursive: true, force: true });
  await Promise.all([buildCli(), buildGuest(), buildUnpacker(), buildConverter(), buildMonitor(), buildServices(), buildSdk()]);
  cpSync(`${fresh}/guest`, 'plugin-sdk/dist/guest', { recursive: true });
  rmSync('dist', { recursive: true, force: true });
  renameSync(fresh, 'dist');
  const cli = createRequire(import.meta.url)(join(root, 'dist/cli/cli.cjs')) as Cli;
  await writeManifest(cli);
  writeCliCache();
}

async function buildCli(): Promise<void> {
  const directory = join(fresh, 'cli');
  await build({
    ...node,
    ...commonJs,
    entryPoints: ['src/cli/cli.ts'],
    // What finds files of its own, is large and seldom needed, or is not there.
    external: ['esbuild', 'piscina', 'typescript'],
    // Less to read at each start. Names stay, for traces.
    minifyWhitespace: true,
    minifySyntax: true,
    plugins: [lazyModules],
    outfile: join(directory, 'cli-bundle.cjs'),
  });
  finishBundle(join(directory, 'cli-bundle.cjs'));
  await build({ ...node, ...commonJs, entryPoints: ['src/cli/loader.cjs'], outfile: join(directory, 'cli.cjs') });
  // oclif wants a file; it is the same class.
  writeFileSync(join(directory, 'help.cjs'), "'use strict';\nexports.default = require('./cli.cjs').Help;\n");
}

/**
 * As load-bundle.cjs runs it: a function of what a module has, so that the text need not be put together at each start; and a byte is a
 * character, which takes a third of the time to read. What is left to escape stands in texts and patterns.
 */
function finishBundle(file: string): void {
  const text = readFileSync(file, 'utf8').replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  writeFileSync(file, `(function (exports, require, module, __filename, __dirname, bundleUrl) {${text}\n})`);
}

async function buildGuest(): Promise<void> {
  const directory = join(root, fresh, 'guest');
  await build({ ...node, ...commonJs, entryPoints: ['src/guest/guest.ts'], external: [], outfile: join(directory, 'guest-bundle.cjs') });
  await build({ ...node, ...commonJs, entryPoints: ['src/guest/loader.cjs'], outfile: join(directory, 'guest.cjs') });
  finishBundle(join(directory, 'guest-bundle.cjs'));
  copyFileSync('src/guest/process-loader.cjs', join(directory, 'process.cjs'));
  // In a process of its own: loading the guest locks the realm down.
  const print = `process.stdout.write(require(${JSON.stringify(join(directory, 'guest.cjs'))}).createCache())`;
  writeCache(join(directory, 'guest-bundle.cjs'), execFileSync(process.execPath, ['-e', print], { maxBuffer: 64 * 1024 * 1024 }));
}

/** In a process of its own, which types what is typed most, also with a plugin, so that the cache holds what these need. */
function writeCliCache(): void {
  const place = mkdtempSync(join(tmpdir(), 'bulkhead-build-'));
  const file = join(place, 'template.sif');
  const typed = [
    ['--help'],
    ['plugin', 'compile', '--out', file, 'dist/template'],
    ['plugin', 'install', '--grant-all', file],
    ['--help'],
    ['plugin', 'list'],
    ['run', '--help'],
    ['run', '--plugin-dry-run', '/', 'true'],
    ['run', '--debug', '/dev/null/none', 'true'],
    ['list'],
  ];
  const program = `const { main, createCache } = require(${JSON.stringify(join(root, 'dist/cli/cli.cjs'))});
    const say = process.stdout.write.bind(process.stdout);
    process.stdout.write = process.stderr.write = () => true;
    (async () => {
      for (const words of ${JSON.stringify(typed)}) {
        process.exitCode = 0;
        await main(words);
        if (process.exitCode !== 0 && words[0] === 'plugin') throw new Error('bulkhead ' + words.join(' ') + ' failed');
      }
      say(createCache().toString('latin1'), 'latin1');
      process.exitCode = 0;
    })();`;
  try {
    const env = { ...process.env, BULKHEAD_ROOT: place, HOME: place };
    writeCache(
      join(root, 'dist/cli/cli-bundle.cjs'),
      execFileSync(process.execPath, ['-e', program], { env, maxBuffer: 64 * 1024 * 1024 }),
    );
  } finally {
    rmSync(place, { recursive: true });
  }
}

function writeCache(bundle: string, cache: Uint8Array): void {
  writeFileSync(`${bundle}.${process.version}.cache`, cache);
}

/** A thread of its own, so that a file of its own. */
function buildUnpacker(): Promise<unknown> {
  return build({ ...node, entryPoints: ['src/engine/images/unpack-thread.ts'], outdir: `${fresh}/unpack` });
}

function buildConverter(): Promise<unknown> {
  return build({ ...node, entryPoints: ['src/images/layers/convert-thread.ts'], outdir: `${fresh}/images` });
}

/** Programs of their own, a file each: what they load is what they need. */
function buildMonitor(): Promise<unknown> {
  const entryPoints = { monitor: 'src/monitor/main.ts', 'plugin-host': 'src/wiring/background/main.ts' };
  return build({ ...node, entryPoints, outdir: `${fresh}/monitor` });
}

function buildServices(): Promise<unknown> {
  const entryPoints = { daemon: 'src/services/daemon/main.ts', keeper: 'src/services/keeper/main.ts' };
  return build({ ...node, entryPoints, outdir: `${fresh}/services` });
}

async function buildSdk(): Promise<void> {
  const outdir = 'plugin-sdk/dist';
  const neutral: BuildOptions = { ...node, platform: 'neutral', external: ['valibot'], outdir };
  await build({ ...neutral, entryPoints: { 'plugin-sdk': 'plugin-sdk/plugin-sdk.ts', contract: 'plugin-sdk/contract/contract.ts' } });
  await build({ ...node, entryPoints: ['plugin-sdk/testing/testing.ts'], outfile: `${outdir}/testing.js` });
  cpSync(`${outdir}/plugin-sdk.js`, `${fresh}/sdk/plugin-sdk.js`);
  cpSync('samples/template', `${fresh}/template`, { recursive: true });
  execFileSync(process.execPath, [createRequire(import.meta.url).resolve('typescript/bin/tsc'), '-p', 'plugin-sdk'], { stdio: 'inherit' });
}

interface Cli {
  readonly loadCommand: (id: string) => Promise<Command.Class>;
}

/** What is read instead of loading every command, by oclif's own code. */
async function writeManifest({ loadCommand }: Cli): Promise<void> {
  rmSync('oclif.manifest.json', { force: true });
  const plugin = new Plugin({ root, isRoot: true, type: 'core', name: 'bulkhead' });
  Object.assign(plugin.options, { ignoreManifest: true, errorOnManifestCreate: true, respectNoCacheDefault: true });
  // It would look for a file of each; they are in the bundle.
  const ids = filesIn('src/cli/commands').map((file) => relative('src/cli/commands', file).replace(/\.ts$/, '').replaceAll('/', ':'));
  const findCommand = async (id: string): Promise<Command.Class> => Object.assign(await loadCommand(id), { id, plugin });
  Object.assign(plugin, { getCommandIDs: () => Promise.resolve(ids.sort()), findCommand });
  await plugin.load();
  writeFileSync('oclif.manifest.json', `${JSON.stringify(plugin.manifest)}\n`);
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(directory, file));
}

await main();
