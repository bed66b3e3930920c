/** Ends containers: politely, then surely. */
import { constants } from 'node:os';
import { containerErrors } from './errors.js';
import { openContainer, type Container } from './find.js';
import type { ContainerPlace } from './shapes.js';
import { signalContainer, signalProcess } from './signal.js';
import { waitUntil } from './wait.js';

/** How long what a SIGKILL has ended may take to be gone and written down. */
const KILLED_MS = 3_000;

export interface StopOptions {
  /** See parseSignal. */
  readonly signal: number;
  /** How long the command may take; then it is killed. */
  readonly timeoutMs: number;
}

/** Also where it has ended already. Resolves when it has. */
export async function stopContainer(place: ContainerPlace, { signal, timeoutMs }: StopOptions): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  // Before its command runs there is nobody to be told.
  const found = await waitUntil(place, ({ status }) => status.status !== 'starting', timeoutMs);
  if (found !== undefined) {
    if (found === 'gone' || found.status.status !== 'running') return;
    if (await hasEndedMeanwhile(found, signal)) return;
    if ((await waitForEnd(place, Math.max(0, deadline - performance.now()))) !== undefined) return;
  }
  await endContainer(place);
}

/**
 * With SIGKILL, and whatever of it is left: first its command, as anybody would; where that is not its end PID 1 of its namespace,
 * with which the kernel ends all others; at last its monitor, with which everything dies. Idempotent.
 */
export async function endContainer(place: ContainerPlace): Promise<void> {
  const { state, status, record } = await openContainer(place);
  if (status.status === 'created' || status.status === 'stopped') return;
  for (const one of [state.command, state.init, state.monitor]) {
    if (one === undefined || !signalProcess(one, constants.signals.SIGKILL)) continue;
    if ((await waitForEnd(place, KILLED_MS)) !== undefined) return;
  }
  if ((await waitForEnd(place, 0)) === undefined) throw containerErrors.notEnded(record);
}

function waitForEnd(place: ContainerPlace, timeoutMs: number): Promise<Container | 'gone' | undefined> {
  return waitUntil(place, ({ status }) => status.status === 'stopped', timeoutMs);
}

/** Sends the signal, unless it has just ended by itself, which is as good. */
async function hasEndedMeanwhile(container: Container, signal: number): Promise<boolean> {
  try {
    signalContainer(container, signal);
    return false;
  } catch (thrown) {
    if ((await waitForEnd(container.place, 0)) === undefined) throw thrown;
    return true;
  }
}
