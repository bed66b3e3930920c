import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { findGuestFile, permissionArguments, processPermissionArguments } from './guest-file.js';
import type { Isolation } from './vessel.js';

/** What came of code: `got …` (what it returned, as text), `nothing` (it threw, or returned undefined), `ended …` (the thread or process ended by it). */
export type EscapedOutcome = string;

/**
 * Runs pieces of code, one after the other, in the realm of a worker or of a helper process as if they had got out of a
 * compartment: after the guest has begun its session, and with what such code could hold at best, from before: `require`,
 * `process`, the real `eval`. For the escape suite; no plugin's code comes here.
 *
 * Answers with an outcome for each piece that ran; after one that ended the realm there are no others. What comes out of it
 * past the host counts as its end: `ended by printing …`.
 */
export async function runEscaped(pieces: readonly string[], isolation: Isolation, deadlineMs: number): Promise<EscapedOutcome[]> {
  const realm = isolation === 'thread' ? startThread(pieces) : startProcess(pieces);
  const outcomes: EscapedOutcome[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    const end = await new Promise<EscapedOutcome | undefined>((resolve) => {
      timer = setTimeout(() => resolve('ended by its deadline'), deadlineMs);
      for (const stream of realm.prints)
        stream?.on('data', (bytes: Buffer) => resolve(`ended by printing ${JSON.stringify(bytes.toString().slice(0, 200))}`));
      realm.onEnd((why) => resolve(`ended ${why}`));
      realm.onOutcome((outcome) => {
        outcomes.push(outcome);
        if (outcomes.length === pieces.length) resolve(undefined);
      });
    });
    return end === undefined ? outcomes : [...outcomes, end];
  } finally {
    clearTimeout(timer);
    await realm.terminate();
  }
}

interface Realm {
  readonly prints: readonly (Readable | null)[];
  onEnd(tell: (why: string) => void): void;
  onOutcome(tell: (outcome: EscapedOutcome) => void): void;
  terminate(): Promise<unknown>;
}

function startThread(pieces: readonly string[]): Realm {
  const guest = findGuestFile();
  const say = `const { parentPort } = require('node:worker_threads'); const say = parentPort.postMessage.bind(parentPort);`;
  const worker = new Worker(say + realmSource(guest, pieces), {
    eval: true,
    env: {},
    execArgv: permissionArguments(guest),
    stdout: true,
    stderr: true,
  });
  return {
    prints: [worker.stdout, worker.stderr],
    onEnd(tell) {
      worker.on('error', (error: unknown) => tell(`by ${String(error).slice(0, 200)}`));
      worker.on('exit', (exitCode) => tell(`with ${exitCode}`));
    },
    onOutcome: (tell) => void worker.on('message', (outcome: unknown) => tell(String(outcome))),
    terminate: () => worker.terminate(),
  };
}

function startProcess(pieces: readonly string[]): Realm {
  const guest = findGuestFile();
  const say = `const { writeSync } = require('node:fs'); const say = (outcome) => writeSync(3, JSON.stringify(outcome) + '\\n');`;
  const source = `${say}${realmSource(guest, pieces)}setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, [...processPermissionArguments(guest), '--input-type=commonjs', '--eval', source], {
    env: {},
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  // Told by `onEnd`.
  ended.catch(() => undefined);
  return {
    prints: [child.stdout, child.stderr],
    onEnd(tell) {
      child.on('error', (error) => tell(`by ${error.message}`));
      child.on('close', (code, signal) => tell(`with ${signal ?? code}`));
    },
    onOutcome(tell) {
      let line = '';
      (child.stdio[3] as Readable).on('data', (bytes: Buffer) => {
        const [last = '', ...whole] = `${line}${bytes.toString()}`.split('\n').reverse();
        line = last;
        for (const text of whole.reverse()) tell(String(JSON.parse(text)));
      });
    },
    async terminate() {
      child.kill('SIGKILL');
      await ended.catch(() => undefined);
    },
  };
}

/** The code is compiled as the guest's bundle is, by `vm.Script`, so that it has the same right to `import()`: none. */
function realmSource(guest: string, pieces: readonly string[]): string {
  return `
const { MessageChannel } = require('node:worker_threads');
const { Script } = require('node:vm');
const { setInterval } = globalThis;
const held = [require, process, eval];
const runSession = require(${JSON.stringify(guest)});
const compiled = ${JSON.stringify(pieces)}.map((code) => new Script('(async (require, process, eval) => {' + code + '\\n})').runInThisContext());
const calls = new MessageChannel();
const powers = new MessageChannel();
runSession({ callPort: calls.port2, powerPort: powers.port2, name: 'selftest', script: '({})', env: {}, limits: {} });
(async () => {
  for (const run of compiled) {
    try {
      const got = await run(...held);
      say(got === undefined ? 'nothing' : 'got ' + String(got));
    } catch {
      say('nothing');
    }
  }
})();
`;
}
