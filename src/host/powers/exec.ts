import { spawn, type ChildProcess, type SpawnOptions, type StdioOptions } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import type { PowerInput, PowerOutput } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError, systemCodeOf } from '#base/errors.js';
import { findDistrust } from '#catalog/catalog.js';
import { powerErrors } from '../errors.js';
import { hold, isGranted, realPathOf } from './granted-path.js';
import { startDeadline } from './deadline.js';
import type { CallInFlight, PowerContext } from './power-context.js';
import { endGroup, startGroup } from './process-group.js';

const argsMaxBytes = 131_072;
/** Of each stream, either way. */
const streamMaxBytes = 1_048_576;
const execDeadlineMs = 30_000;
/** Programs of one plugin at once. */
const execsMax = 8;
const path = '/usr/sbin:/usr/bin:/sbin:/bin';
const setIdBits = 0o6000;

const underWay = new WeakMap<PowerContext, number>();

/**
 * Runs a granted program. It is found and held first, like a file that is read, and what is held is what runs. It gets its arguments
 * one by one, the granted variables of the environment, `/` as its directory, and its own process group, which ends with it.
 */
export async function exec(
  { program, args, stdin }: PowerInput<'exec'>,
  context: PowerContext,
  call: CallInFlight,
  deadlineMs = execDeadlineMs,
): Promise<PowerOutput<'exec'>> {
  if (!(context.grants.exec ?? []).includes(program)) throw powerErrors.notGranted('exec', program);
  if (sizeOf(args) > argsMaxBytes) throw powerErrors.badArgument('exec', 'args', `larger than ${argsMaxBytes} bytes together`);
  const input = stdin === undefined ? undefined : Buffer.from(stdin);
  if (input && input.length > streamMaxBytes) throw powerErrors.badArgument('exec', 'stdin', `larger than ${streamMaxBytes} bytes`);
  const running = underWay.get(context) ?? 0;
  if (running >= execsMax) throw powerErrors.tooMany('exec', execsMax);
  underWay.set(context, running + 1);
  const { signal, clear } = startDeadline(call.over, deadlineMs);
  let held: FileHandle | undefined;
  try {
    held = await hold(program);
    await requireSafe(program, held, context.grants.writeFile ?? []);
    signal.throwIfAborted();
    return await run(program, args, { held, input, env: { ...context.env, PATH: path, LANG: 'C' }, signal });
  } catch (error) {
    if (call.over.aborted) throw powerErrors.callOver('exec');
    if (signal.aborted) throw powerErrors.execFailed(program, `not done within ${deadlineMs} ms`);
    if (error instanceof BulkheadError) throw error;
    throw powerErrors.execFailed(program, systemCodeOf(error) ?? 'unknown error');
  } finally {
    clear();
    await held?.close();
    underWay.set(context, (underWay.get(context) ?? 1) - 1);
  }
}

/** That it is where the grant is, that nobody could have put it there but root and the caller, and that it gives no rights away. */
export async function requireSafe(program: string, held: FileHandle, writable: readonly string[]): Promise<void> {
  const real = await realPathOf(held);
  if (!(await isGranted(real, [program]))) throw powerErrors.notGranted('exec', program);
  if (await isGranted(real, writable)) throw powerErrors.execFailed(program, 'the plugin may write to it');
  const stat = await held.stat();
  if (!stat.isFile()) throw powerErrors.execFailed(program, 'not a regular file');
  if ((stat.mode & setIdBits) !== 0) throw powerErrors.execFailed(program, 'setuid or setgid');
  const distrust = findDistrust(stat, process.geteuid?.() ?? 0);
  if (distrust !== undefined) throw powerErrors.execFailed(program, distrust);
}

interface Run {
  readonly held: FileHandle;
  readonly input: Buffer | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

async function run(program: string, args: readonly string[], { held, input, env, signal }: Run): Promise<PowerOutput<'exec'>> {
  // The fourth stream is the program itself: by that number it is also found by an interpreter, for a script.
  const stdio: StdioOptions = [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', held.fd];
  const options: SpawnOptions = { argv0: program, cwd: '/', env, detached: true, shell: false, stdio };
  const child = startGroup(() => spawn('/proc/self/fd/3', args, options));
  const stop = (): void => stopChild(child);
  signal.addEventListener('abort', stop, { once: true });
  try {
    // It may end without having read all; how it ended is then the answer.
    child.stdin?.on('error', () => undefined).end(input);
    const [stdout, stderr, ended] = await Promise.all([
      collect(program, 'stdout', child.stdout),
      collect(program, 'stderr', child.stderr),
      untilExit(child),
    ]);
    return { ...ended, stdout, stderr };
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

async function collect(program: string, name: string, stream: NodeJS.ReadableStream | null): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of (stream ?? []) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > streamMaxBytes) throw powerErrors.execFailed(program, `wrote more than ${streamMaxBytes} bytes to ${name}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function untilExit(child: ChildProcess): Promise<Pick<PowerOutput<'exec'>, 'exitCode' | 'signal'>> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, signal) => {
      // What it has left in the background ends with it, and lets go of its streams.
      if (child.pid !== undefined) endGroup(child.pid);
      resolve({ ...(exitCode !== null && { exitCode }), ...(signal !== null && { signal }) });
    });
  });
}

/** The streams too: somebody who left the group may hold them open. */
function stopChild({ pid, stdin, stdout, stderr }: ChildProcess): void {
  if (pid !== undefined) endGroup(pid);
  for (const stream of [stdin, stdout, stderr]) stream?.destroy();
}

function sizeOf(args: readonly string[]): number {
  return args.reduce((sum, argument) => sum + Buffer.byteLength(argument) + 1, 0);
}
