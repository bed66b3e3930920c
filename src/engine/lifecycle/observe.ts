/** Tells an observer what happens, one event at a time. Signals wait their turn, up to a number; samples never wait. */
import { messageOf } from '#base/errors.js';
import type { ContainerEvent } from '../shapes.js';

export interface Observation {
  /** Told as soon as the observer is free; dropped where SIGNALS_MAX wait already. */
  readonly signal: (name: string) => void;
  /** Tells the exit after all that waits, and resolves when the observer has answered. Nothing is told after it. */
  readonly close: (exit: ContainerEvent & { type: 'exit' }) => Promise<void>;
}

export interface ObserveRequest {
  readonly tell: (event: ContainerEvent) => Promise<void>;
  readonly takeSample: () => (ContainerEvent & { type: 'sample' }) | undefined;
  readonly log: (line: string) => void;
  readonly sampleEveryMs?: number;
}

const SIGNALS_MAX = 64;

/** Tells `start` and a first sample at once, then a sample every second in which the observer is free. */
export function observe({ tell, takeSample, log, sampleEveryMs = 1_000 }: ObserveRequest): Observation {
  let last = Promise.resolve();
  let waiting = 0;
  let closed = false;

  function enqueue(event: ContainerEvent): Promise<void> {
    waiting += 1;
    last = last.then(() => tellSafely(event)).finally(() => (waiting -= 1));
    return last;
  }

  async function tellSafely(event: ContainerEvent): Promise<void> {
    try {
      await tell(event);
    } catch (thrown) {
      log(`An observer failed at "${event.type}": ${messageOf(thrown)}`);
    }
  }

  function sample(): void {
    const event = takeSample();
    if (event !== undefined) void enqueue(event);
  }

  void enqueue({ type: 'start' });
  sample();
  const timer = setInterval(() => waiting === 0 && sample(), sampleEveryMs);
  return {
    signal(name) {
      if (!closed && waiting < SIGNALS_MAX) void enqueue({ type: 'signal', signal: name });
    },
    async close(exit) {
      closed = true;
      clearInterval(timer);
      await enqueue(exit);
    },
  };
}
