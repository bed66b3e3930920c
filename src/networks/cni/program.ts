/**
 * One CNI plugin, started once: the configuration on its standard input, the rest in its environment, a result on its standard output.
 * It runs with all rights of the caller, so only what root alone may change is run.
 */
import { spawn } from 'node:child_process';
import { realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { messageOf } from '#base/errors.js';
import { TOOL_DIRECTORIES } from '#base/programs.js';
import { cleanSaid, networkErrors } from '../errors.js';

export type CniCommand = 'ADD' | 'CHECK' | 'DEL';

export interface CniCall {
  readonly command: CniCommand;
  /** `bridge`. */
  readonly program: string;
  /** Where programs are looked for; also by the program, for that of addresses. */
  readonly directories: readonly string[];
  readonly containerId: string;
  /** A path; empty where the network namespace is gone (only DEL). */
  readonly namespace: string;
  readonly interface: string;
  readonly args: string;
  readonly config: object;
  /** For messages. */
  readonly network: string;
}

/** ADD takes milliseconds; dhcp may wait for an answer. */
const DEADLINE_MS = 30_000;
const OUTPUT_BYTES_MAX = 262_144;
const failure = v.object({ msg: v.string(), details: v.optional(v.string()) });
/** What every result may be taken to have; the rest is handed on as it is. */
export type CniResult = Record<string, unknown>;

/** Answers with what it printed, parsed; an empty object where that is nothing. Throws CNI_FAILED, CNI_PLUGIN_MISSING, CNI_PLUGIN_UNSAFE. */
export async function runCni(call: CniCall): Promise<CniResult> {
  const { command, program, network } = call;
  const path = await findCniProgram(program, call.directories);
  const { code, signal, stdout, stderr } = await execute(path, call);
  const fail = (why: string) => networkErrors.cniFailed(network, { program, command, why });
  const read = stdout.trim() === '' ? { parsed: true as const, value: {} } : parseBoundedJson(Buffer.from(stdout));
  if (code !== 0) {
    const said = v.safeParse(failure, read.parsed ? read.value : undefined);
    const why = said.success ? `${said.output.msg} ${said.output.details ?? ''}` : `${stderr} ${stdout}`;
    const how = signal === null ? `it exited with ${code}` : `it was ended by ${signal}`;
    throw fail(cleanSaid(why) || how);
  }
  if (!read.parsed) throw fail(`what it printed cannot be read: ${read.why}`);
  const { success, output } = v.safeParse(v.record(v.string(), v.unknown()), read.value);
  if (!success) throw fail('it printed something that is no object');
  return output;
}

/** Its absolute path, links resolved. */
export async function findCniProgram(program: string, directories: readonly string[]): Promise<string> {
  for (const directory of directories) {
    const path = await realpath(join(directory, program)).catch(() => undefined);
    if (path === undefined) continue;
    await requireRoots(path);
    return path;
  }
  throw networkErrors.programMissing(program, directories);
}

/** The file, and each directory above it: whoever may write to one of them may put another program there. */
async function requireRoots(path: string): Promise<void> {
  for (let at = path; ; at = dirname(at)) {
    const { uid, mode } = await stat(at);
    if (at === path && (mode & 0o111) === 0) throw networkErrors.programUnsafe(path, 'it is not executable');
    if (uid !== 0 && uid !== process.geteuid?.()) throw networkErrors.programUnsafe(path, `${at} belongs to uid ${uid}`);
    if ((mode & 0o022) !== 0 && !(at !== path && (mode & 0o1000) !== 0))
      throw networkErrors.programUnsafe(path, `others may write to ${at}`);
    if (at === dirname(at)) return;
  }
}

interface Execution {
  readonly code: number;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Never waits longer than the deadline, also where a program of the plugin's own goes on holding its output. */
function execute(path: string, call: CniCall): Promise<Execution> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, [], {
      cwd: '/',
      // A group of its own: what a terminal sends to the command line must not break off what is half done.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: TOOL_DIRECTORIES.join(':'),
        LC_ALL: 'C',
        CNI_COMMAND: call.command,
        CNI_CONTAINERID: call.containerId,
        CNI_NETNS: call.namespace,
        CNI_IFNAME: call.interface,
        CNI_ARGS: call.args,
        CNI_PATH: call.directories.join(':'),
      },
    });
    const outputs = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    const end = (code: number, signal: string | null): void => {
      clearTimeout(timer);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, signal, stdout: outputs.stdout.toString('utf8'), stderr: outputs.stderr.toString('utf8') });
    };
    const kill = (why: string): void => {
      outputs.stdout = Buffer.alloc(0);
      outputs.stderr = Buffer.from(why);
      killGroup(child.pid);
      end(1, null);
    };
    const timer = setTimeout(() => kill(`it did not end within ${DEADLINE_MS} ms`), DEADLINE_MS);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('error', () => undefined);
      child[name].on('data', (chunk: Buffer) => {
        outputs[name] = Buffer.concat([outputs[name], chunk]);
        if (outputs[name].length > OUTPUT_BYTES_MAX) kill(`it printed more than ${OUTPUT_BYTES_MAX} bytes`);
      });
    }
    child.once('error', (thrown) => {
      clearTimeout(timer);
      reject(networkErrors.programUnsafe(path, messageOf(thrown)));
    });
    child.once('close', (code, signal) => end(code ?? 1, signal));
    // One that does not read it says itself what is wrong.
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify(call.config));
  });
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
