/**
 * `npm run build`: writes `dist/` (the CLI and the guest) and `plugin-sdk/dist/` (what authors import).
 *
 *   dist/cli/commands/…   one entry per command, shared code in dist/chunks/; packages of npm stay outside
 *   dist/guest/           guest.cjs (loader), process.cjs (program of a helper process), guest-bundle.cjs (SES, comlink, the guest: one file) and V8's code cache for this Node
 *   dist/template/       what `plugin create` writes
 *   dist/unpack/          unpack-thread.js: the thread that unpacks streams of images
 *   dist/sdk/             what `plugin compile` bundles where the author has not installed @bulkhead/plugin-sdk
 *   plugin-sdk/dist/      plugin-sdk.js, contract.js, testing.js (with a guest of its own), and the declarations
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Plugin } from '@oclif/core';
import { build, type BuildOptions } from 'esbuild';

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

/** Built beside `dist/` and then put in its place, so that whoever runs meanwhile finds one or the other. */
const fresh = 'dist.new';

async function main(): Promise<void> {
  rmSync(fresh, { recursive: true, force: true });
  await Promise.all([buildCli(), buildGuest(), buildUnpacker(), buildSdk()]);
  cpSync(`${fresh}/guest`, 'plugin-sdk/dist/guest', { recursive: true });
  rmSync('dist', { recursive: true, force: true });
  renameSync(fresh, 'dist');
  await writeManifest();
}

function buildCli(): Promise<unknown> {
  return build({
    ...node,
    entryPoints: ['src/cli/cli.ts', 'src/cli/help.ts', 'src/cli/complete.ts', ...filesIn('src/cli/commands')],
    outbase: 'src',
    outdir: fresh,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  });
}

async function buildGuest(): Promise<void> {
  const directory = join(root, fresh, 'guest');
  await build({ ...node, entryPoints: ['src/guest/guest.ts'], format: 'cjs', external: [], outfile: join(directory, 'guest-bundle.cjs') });
  copyFileSync('src/guest/loader.cjs', join(directory, 'guest.cjs'));
  copyFileSync('src/guest/process-loader.cjs', join(directory, 'process.cjs'));
  // In a process of its own: loading the guest locks the realm down.
  const print = `process.stdout.write(require(${JSON.stringify(join(directory, 'guest.cjs'))}).createCache())`;
  const cache = execFileSync(process.execPath, ['-e', print], { maxBuffer: 64 * 1024 * 1024 });
  writeFileSync(join(directory, `guest-bundle.${process.version}.cache`), cache);
}

/** A thread of its own, so that a file of its own. */
function buildUnpacker(): Promise<unknown> {
  return build({ ...node, entryPoints: ['src/engine/images/unpack-thread.ts'], outdir: `${fresh}/unpack` });
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

/** What oclif reads instead of importing every command. */
async function writeManifest(): Promise<void> {
  rmSync('oclif.manifest.json', { force: true });
  const plugin = new Plugin({ root, ignoreManifest: true, errorOnManifestCreate: true, respectNoCacheDefault: true, type: 'core' });
  await plugin.load();
  writeFileSync('oclif.manifest.json', `${JSON.stringify(plugin.manifest, null, 2)}\n`);
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(directory, file));
}

await main();
