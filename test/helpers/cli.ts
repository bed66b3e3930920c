import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa, type Options, type ResultPromise } from 'execa';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
const program = join(repository, 'bin/run.js');

export interface Outcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built CLI with a temporary root and home of its own: what a stranger would have on a fresh machine. */
export interface Cli {
  readonly root: string;
  readonly env: Record<string, string>;
  run(...argv: string[]): Promise<Outcome>;
  start(argv: readonly string[], options?: Options): ResultPromise;
  /** Compiles a directory into a file of its own and answers with its path. */
  compile(directory: string): Promise<string>;
  /** Compiles and installs with everything granted; puts it in the place of another version that is there. */
  install(directory: string, ...flags: string[]): Promise<void>;
  close(): Promise<void>;
}

export async function openCli(): Promise<Cli> {
  const root = await mkdtemp(join(tmpdir(), 'bulkhead-cli-'));
  const env = {
    PATH: process.env['PATH'] ?? '',
    BULKHEAD_ROOT: join(root, 'system'),
    HOME: join(root, 'home'),
    XDG_RUNTIME_DIR: join(root, 'run'),
    SLURM_JOB_ID: '4711',
  };
  const start: Cli['start'] = (argv, options = {}) =>
    execa(process.execPath, [program, ...argv], { reject: false, extendEnv: false, env, stdin: 'ignore', ...options }) as ResultPromise;
  const run: Cli['run'] = async (...argv) => {
    const { exitCode, stdout, stderr } = await start(argv);
    return { exitCode, stdout: String(stdout), stderr: String(stderr) };
  };
  let count = 0;
  const compile: Cli['compile'] = async (directory) => {
    const file = join(root, `plugin-${(count += 1)}.sif`);
    await mustRun(run, 'plugin', 'compile', '--out', file, directory);
    return file;
  };
  return {
    root,
    env,
    run,
    start,
    compile,
    async install(directory, ...flags) {
      const file = await compile(directory);
      const { exitCode, stderr } = await run('plugin', 'install', '--grant-all', ...flags, file);
      if (stderr.includes(' is installed already, ')) await mustRun(run, 'plugin', 'upgrade', '--force', '--grant-all', ...flags, file);
      else if (exitCode !== 0) throw new Error(`bulkhead plugin install ${file} exited with ${exitCode}: ${stderr}`);
    },
    close: () => rm(root, { recursive: true, force: true }),
  };
}

async function mustRun(run: Cli['run'], ...argv: string[]): Promise<void> {
  const { exitCode, stderr } = await run(...argv);
  if (exitCode !== 0) throw new Error(`bulkhead ${argv.join(' ')} exited with ${exitCode}: ${stderr}`);
}
