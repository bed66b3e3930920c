/**
 * Lets one controller decide what becomes of signals, when the run ends, and with which status.
 *
 *      signal ─▶ waits its turn ─▶ decide ─▶ forward | swallow | replace
 *                     └─ not decided within DECISION_MS ─▶ the controller is lost: forwarded, with all that wait
 *      any event ───────────────▶ decide ─▶ exit | raise: the run ends, and the container where it still runs
 *
 * A controller that throws or is late is lost for the rest of the run, and everything is as without one from that instant on.
 */
import { constants } from 'node:os';
import { startPausableTimer } from '#base/pause.js';
import { controllerLate } from '../errors.js';
import type { ContainerEvent, ControlDecision, Controller, RunResult } from '../shapes.js';

export interface Control {
  /** Acts on it once it is decided, or at once where the controller is lost or SIGNALS_MAX wait already. */
  readonly signal: (name: NodeJS.Signals) => void;
  /** Resolves when the controller ends the run while the container runs; else never. */
  readonly ended: Promise<RunEnd>;
  /** Tells the exit after all that waits, and answers with the result as the controller wants it. */
  readonly finish: (exit: ContainerEvent & { type: 'exit' }) => Promise<RunResult>;
  /** Nothing is asked or acted on after it. */
  readonly close: () => void;
}

/** What a controller made of the end of the run. */
export type RunEnd = Omit<RunResult, 'runMs'>;

export interface ControlRequest {
  /** Asks the controller. */
  readonly decide: (event: ContainerEvent) => ReturnType<Controller['decide']>;
  /** Told once, with why. */
  readonly onLost: (why: unknown) => void;
  /** What is done to a signal without a controller. */
  readonly forward: (signal: NodeJS.Signals) => void;
  /** Sends another one to the container. */
  readonly send: (signal: NodeJS.Signals) => void;
  readonly takeSample: () => (ContainerEvent & { type: 'sample' }) | undefined;
  readonly sampleEveryMs?: number;
  readonly decisionMs?: number;
}

const SIGNALS_MAX = 64;
/** From the arrival of a signal. A person who typed Ctrl-C waits so long for a controller that hangs. */
const DECISION_MS = 1_000;

export function openControl(request: ControlRequest): Control {
  const { decide, onLost, forward, send, takeSample, sampleEveryMs = 1_000, decisionMs = DECISION_MS } = request;
  const undecided = new Set<{ readonly signal: NodeJS.Signals; readonly clear: () => void }>();
  let tellLost = (): void => undefined;
  let tellEnd: (end: RunEnd) => void = () => undefined;
  const lost = new Promise<undefined>((resolve) => (tellLost = () => resolve(undefined)));
  const ended = new Promise<RunEnd>((resolve) => (tellEnd = resolve));
  let isOver = false;
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();

  function lose(why: unknown): void {
    if (isOver) return;
    close();
    onLost(why);
    tellLost();
  }
  /** Those that nobody has decided are not lost with who should have. */
  function close(): void {
    isOver = true;
    clearInterval(timer);
    for (const { signal, clear } of undecided) {
      clear();
      forward(signal);
    }
    undecided.clear();
  }

  /** One event at a time, in order. Undefined where there is no decision. */
  function ask(event: ContainerEvent): Promise<ControlDecision | undefined> {
    waiting += 1;
    const asked = last.then(async () => (isOver ? undefined : decide(event))).finally(() => (waiting -= 1));
    last = asked.catch(lose);
    return asked.catch(() => undefined);
  }

  /** Ends the run where that was decided; answers whether it was. */
  function takeEnd(decision: ControlDecision | undefined): boolean {
    const end = findEnd(decision);
    if (end === undefined) return false;
    if (!isOver) tellEnd(end);
    return true;
  }

  function tell(event: ContainerEvent): void {
    void ask(event).then(takeEnd);
  }

  function sample(): void {
    const event = takeSample();
    if (event !== undefined) tell(event);
  }

  tell({ type: 'start' });
  const timer = setInterval(() => waiting === 0 && sample(), sampleEveryMs);
  sample();

  return {
    signal(name) {
      if (isOver || undecided.size >= SIGNALS_MAX) return forward(name);
      const late = startPausableTimer(decisionMs, () => lose(controllerLate(name, decisionMs)));
      const entry = { signal: name, clear: late.clear };
      undecided.add(entry);
      void ask({ type: 'signal', signal: name }).then((decision) => {
        // Where the controller was lost meanwhile it has been forwarded already.
        if (isOver || !undecided.delete(entry)) return;
        late.clear();
        if (takeEnd(decision)) return;
        if (decision?.action === 'replace') send(decision.signal);
        else if (decision?.action !== 'swallow') forward(name);
      });
    },
    ended,
    async finish(exit) {
      clearInterval(timer);
      const decision = await Promise.race([ask(exit), lost]);
      return { exitCode: exit.exitCode, ...findEnd(decision), runMs: exit.runMs };
    },
    close() {
      if (!isOver) close();
    },
  };
}

function findEnd(decision: ControlDecision | undefined): RunEnd | undefined {
  if (decision?.action === 'exit') return { exitCode: decision.exitCode };
  if (decision?.action === 'raise') return { exitCode: 128 + constants.signals[decision.signal], signal: decision.signal };
  return undefined;
}
