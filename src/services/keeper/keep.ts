/** Keeps the program of one service running: starts it, sees whether it is ready, tries again where it fails, and stops it. */
import type { EventEmitter } from 'node:events';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { openOutputFile } from '#base/output-file.js';
import { referToProcess, signalGroup } from '../processes.js';
import { countConnections } from '../sockets.js';
import { writeJson } from '../json-file.js';
import { keeperLimits as limits, retryDelayMs } from './limits.js';
import { startProgram, type Program } from './program.js';
import { outputFile, stateFile, type Assignment, type KeeperState, type LastEnd } from './state.js';

const LOOK_FIRST_MS = 10;
const LOOK_MAX_MS = 100;

export interface Orders {
  /** Aborts when the service has to end. */
  readonly stop: AbortSignal;
  /** Emits `try` where somebody waits for the service. */
  readonly asked: EventEmitter<{ try: [] }>;
}

/** Resolves when the service has ended by itself, without an error and with nobody waiting for it, or because of `stop`. */
export async function keepService(directory: string, told: Assignment, { stop, asked }: Orders): Promise<void> {
  const keeper = referToProcess(process.pid);
  if (keeper === undefined) return;
  const boundPaths = told.sockets.map(({ boundPath }) => boundPath);
  let state: KeeperState = { phase: 'starting', keeper, restarts: 0, failuresInARow: told.failuresInARow };
  const say = (change: Partial<KeeperState>): void => {
    state = { ...state, ...change };
    writeJson(stateFile(directory), state);
  };
  const output = openOutputFile({ path: outputFile(directory), onLost: () => undefined });
  const note = (text: string): void => output.write('stderr', Buffer.from(`bulkhead: ${text}\n`));

  for (let isFirst = true; !stop.aborted; isFirst = false) {
    const startedMs = performance.now();
    const takenBefore = countConnections(boundPaths).taken;
    const program = startProgram({ ...told, onOutput: (stream, bytes) => output.write(stream, bytes) });
    say({
      phase: 'starting',
      service: referToProcess(program.pid),
      startedAt: new Date().toISOString(),
      restarts: isFirst ? 0 : state.restarts + 1,
      nextTryAt: undefined,
    });
    const end = await attend(program, {
      stop,
      hasStarted: () => judgeStart(boundPaths, takenBefore, performance.now() - startedMs),
      onRunning: () => say({ phase: 'running' }),
      onStopping: () => say({ phase: 'stopping' }),
    });
    const lastEnd: LastEnd = { ...end, at: new Date().toISOString() };
    say({ service: undefined, lastEnd });
    if (stop.aborted) break;
    const isFailure = end.exitCode !== 0;
    if (!isFailure && countConnections(boundPaths).waiting === 0) break;
    const wasSteady = performance.now() - startedMs >= limits.steadyMs;
    const failuresInARow = (wasSteady ? 0 : state.failuresInARow) + 1;
    const waitMs = retryDelayMs(failuresInARow);
    note(`the service ended (${end.why}); next try in ${waitMs / 1000} s`);
    say({ phase: 'waiting', failuresInARow, nextTryAt: new Date(Date.now() + waitMs).toISOString() });
    await waitForNextTry(waitMs, { stop, asked });
  }
  say({ phase: 'ended', nextTryAt: undefined, ...(stop.aborted ? {} : { failuresInARow: 0 }) });
  output.close();
}

type Start = 'starting' | 'running' | 'late';

/** A program has started when it has taken a connection, or has gone on for a while with nobody waiting. */
function judgeStart(boundPaths: readonly string[], takenBefore: number, elapsedMs: number): Start {
  const { waiting, taken } = countConnections(boundPaths);
  if (taken > takenBefore || (waiting === 0 && elapsedMs >= limits.settleMs)) return 'running';
  return elapsedMs >= limits.startMs ? 'late' : 'starting';
}

interface Attendance {
  readonly stop: AbortSignal;
  readonly hasStarted: () => Start;
  readonly onRunning: () => void;
  readonly onStopping: () => void;
}

/** From the start of a program to its end. */
async function attend(
  { pid, ended }: Program,
  { stop, hasStarted, onRunning, onStopping }: Attendance,
): ReturnType<typeof startProgram>['ended'] {
  const over = new AbortController();
  let late: string | undefined;
  const stopProgram = async (): Promise<void> => {
    if (pid === undefined) return;
    signalGroup(pid, 'SIGTERM');
    await delay(limits.stopMs, undefined, { signal: over.signal }).then(
      () => signalGroup(pid, 'SIGKILL'),
      () => undefined,
    );
  };
  const onStop = (): void => {
    onStopping();
    void stopProgram();
  };
  stop.addEventListener('abort', onStop, { once: true });
  const watch = async (): Promise<void> => {
    for (let lookMs = LOOK_FIRST_MS; !over.signal.aborted && !stop.aborted; lookMs = Math.min(LOOK_MAX_MS, lookMs * 1.5)) {
      const start = hasStarted();
      if (start === 'running') return onRunning();
      if (start === 'late') {
        late = `it took no connection within ${limits.startMs / 1000} s`;
        return stopProgram();
      }
      await delay(lookMs, undefined, { signal: over.signal }).catch(() => undefined);
    }
  };
  const watching = watch();
  const end = await ended;
  over.abort();
  await watching;
  stop.removeEventListener('abort', onStop);
  return late === undefined ? end : { why: late };
}

/** Earlier where somebody asks for it, but not at once: who asks again and again starts no storm. */
async function waitForNextTry(waitMs: number, { stop, asked }: Orders): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([stop, over.signal]);
  const pass = (ms: number): Promise<unknown> => delay(ms, undefined, { signal }).catch(() => undefined);
  const earliestMs = Math.min(waitMs, limits.retryAskedMs);
  // Whoever asks during the first part is heard after it.
  const ask = once(asked, 'try', { signal }).catch(() => undefined);
  await pass(earliestMs);
  if (waitMs > earliestMs && !stop.aborted) await Promise.race([pass(waitMs - earliestMs), ask]);
  over.abort();
}
