/**
 * `npm start`: the whole path, for somebody who has never seen it. Builds Bulkhead, compiles and installs the samples under a
 * temporary root, runs containers with the real CLI and checks what came out. Leaves nothing behind.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONTRACT } from '@bulkhead/plugin-sdk/contract';
import { execa } from 'execa';
import { installPackage } from '#catalog/catalog.js';
import { openLog } from '#base/log.js';
import { choosePaths } from '#base/paths.js';
import { describeScript } from '#host/host.js';
import { buildPlugin, packPlugin, readPackage } from '#package/package.js';

const repository = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'bulkhead-start-'));
const env = {
  PATH: process.env['PATH'] ?? '',
  TERM: process.env['TERM'] ?? 'dumb',
  BULKHEAD_ROOT: join(home, 'root'),
  HOME: join(home, 'home'),
  XDG_RUNTIME_DIR: join(home, 'run'),
  SLURM_JOB_ID: '4711',
};
let failures = 0;

async function main(): Promise<void> {
  say('Building Bulkhead');
  execFileSync(process.execPath, ['--import=tsx', join(repository, 'scripts/build.ts')], { cwd: repository, stdio: 'inherit' });
  mkdirSync(env.HOME);

  say('Four plugins, compiled from TypeScript and installed (under a temporary root, so that your machine stays as it is)');
  for (const name of ['host-image', 'config-plugin', 'log-plugin', 'monitor-plugin']) await compileAndInstall(name);
  await bulkhead('plugin', 'list');

  say('A container on the image "host:", which a plugin provides, changed and watched by the others');
  const script = 'echo "Hello from $(hostname), job $SITE_JOB"; grep ^PRETTY_NAME /site/os-release; sleep 0.5';
  const run = await bulkhead('run', '--hostname', 'bulkhead', 'host:', 'sh', '-c', script);
  check('registerImageDriver: the container ran, and exited with 0', run.exitCode === 0 && run.stdout.includes('Hello from bulkhead'));
  check('engineConfig: the bind is there', run.stdout.includes('PRETTY_NAME'));
  check('engineConfig: the variable is set', run.stdout.includes('job 4711'));
  check('monitorContainer: the report is printed', /monitor-plugin\] \w+ exited with 0 after/.test(run.stderr));
  const history = await bulkhead('history');
  check('postStartProcess: the run is recorded, and a contributed command shows it', history.stdout.includes('IMAGE="host:"'));

  say('A plugin that never answers: it is stopped at its deadline, and the container runs');
  await compileAndInstall('loop-plugin', '--optional');
  const looped = await bulkhead('run', 'host:', 'echo', 'still here');
  check('the looping plugin was stopped', looped.stderr.includes('did not answer within 5000 ms and was stopped'));
  check('the container exited with 0', looped.exitCode === 0 && looped.stdout.includes('still here'));
  await bulkhead('plugin', 'disable', 'example.com/loop-plugin');

  say('A plugin built for a newer major version of the contract: refused at install, and refused again if it is there already');
  const future = await buildFuturePlugin();
  check('it cannot be installed', (await bulkhead('plugin', 'install', future.file)).exitCode === 255);
  await installAsTomorrow(future.file, future.bytes);
  process.stdout.write('(as if a newer Bulkhead had installed it, and this older one came back)\n');
  const refused = await bulkhead('run', 'host:', 'echo', 'still here');
  check(
    'it was refused before any of its code ran',
    refused.stderr.includes('example.com/future-plugin') && !refused.stderr.includes('code of a refused plugin ran'),
  );
  check('the container exited with 0', refused.exitCode === 0 && refused.stdout.includes('still here'));
}

async function compileAndInstall(name: string, ...flags: string[]): Promise<void> {
  const file = join(home, `${name}.sif`);
  await bulkhead('plugin', 'compile', '--out', file, join('samples', name));
  await bulkhead('plugin', 'install', '--grant-all', ...flags, file);
}

/** The sample, with the stamp that the SDK of a host of tomorrow would give it. */
async function buildFuturePlugin(): Promise<{ file: string; bytes: Uint8Array }> {
  const log = openLog({ write: () => undefined });
  const { bytes } = await buildPlugin(join(repository, 'samples/future-plugin'), ({ script }, name) =>
    describeScript(script, { name, log }),
  );
  const { manifest, script } = readPackage(bytes, 'future-plugin');
  const contract = { ...manifest.contract, version: '2.0.0', digest: `sha256:${'2'.repeat(64)}`, callbacks: { postStartProcess: '2.0.0' } };
  const altered = packPlugin({ manifest: { ...manifest, contract }, script });
  const file = join(home, 'future-plugin.sif');
  writeFileSync(file, altered);
  return { file, bytes: altered };
}

async function installAsTomorrow(file: string, bytes: Uint8Array): Promise<void> {
  const uid = process.geteuid?.() ?? -1;
  const directory = { path: choosePaths({ env, uid }).systemPlugins, scope: 'system' } as const;
  const offered = { ...CONTRACT, version: '2.0.0', digest: `sha256:${'2'.repeat(64)}`, callbacks: { postStartProcess: '2.0.0' } };
  await installPackage(readPackage(bytes, file), {
    place: { directories: [directory], uid },
    directory,
    offered,
    lock: 'range',
    grants: {},
    onFailure: 'optional',
    isolation: 'default',
    reservedCommands: [],
  });
}

async function bulkhead(...argv: string[]): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }> {
  process.stdout.write(
    `\n$ bulkhead ${argv.map((word) => (/^[\w./:=-]+$/.test(word) ? word : `'${word}'`)).join(' ')}\n`.replaceAll(home, '/tmp/…'),
  );
  const { exitCode, stdout, stderr } = await execa(process.execPath, [join(repository, 'bin/run.js'), ...argv], {
    cwd: repository,
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    stdout: ['inherit', 'pipe'],
    stderr: ['inherit', 'pipe'],
  });
  return { exitCode, stdout, stderr };
}

function say(text: string): void {
  process.stdout.write(`\n== ${text}\n`);
}

function check(what: string, isSo: boolean): void {
  if (!isSo) failures += 1;
  process.stdout.write(`  ${isSo ? '✔' : '✘'} ${what}\n`);
}

try {
  await main();
} finally {
  rmSync(home, { recursive: true, force: true });
}
say(failures === 0 ? 'All of it held.' : `${failures} of these did not hold.`);
process.exitCode = failures === 0 ? 0 : 1;
