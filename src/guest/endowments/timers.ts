/**
 * `setTimeout`, `setInterval`, their `clear…`, and `queueMicrotask`. Names of timers are numbers: Node's are objects of its own.
 * Timers belong to a call of the host and end with it.
 */

/** At once, in one compartment. */
const timersMax = 1024;
/** What a timer of Node can wait; it would take a longer time for 1 ms. */
const delayMaxMs = 2 ** 31 - 1;

const native = { setTimeout, clearTimeout, setInterval, clearInterval };

type Callback = (...values: unknown[]) => unknown;

export interface Timers {
  readonly globals: {
    setTimeout(callback: Callback, delayMs?: number, ...values: unknown[]): number;
    setInterval(callback: Callback, delayMs?: number, ...values: unknown[]): number;
    clearTimeout(timer?: number): void;
    clearInterval(timer?: number): void;
    queueMicrotask(callback: () => unknown): void;
  };
  /** Lets timers be set until `endCall`, which clears those that are left. */
  beginCall(): void;
  endCall(): void;
}

export function makeTimers(): Timers {
  const stops = new Map<number, () => void>();
  let isOpen = false;
  let last = 0;

  /** `start` answers with what stops the timer. Node must not call the plugin's function itself: its `this` would be Node's timer. */
  function set(callback: unknown, start: (run: Callback, id: number) => () => void): number {
    const run = requireFunction(callback);
    if (!isOpen) throw new Error('A timer can be set only while a callback of the plugin runs');
    if (stops.size >= timersMax) throw new RangeError(`There can be no more than ${timersMax} timers at once`);
    const id = (last += 1);
    stops.set(id, start(run, id));
    return id;
  }
  function clear(id: unknown): void {
    if (typeof id !== 'number') return;
    stops.get(id)?.();
    stops.delete(id);
  }

  return {
    globals: harden({
      setTimeout: (callback: Callback, delayMs?: number, ...values: unknown[]) =>
        set(callback, (run, id) => {
          const timer = native.setTimeout(() => {
            stops.delete(id);
            run(...values);
          }, delayOf(delayMs));
          return () => native.clearTimeout(timer);
        }),
      setInterval: (callback: Callback, delayMs?: number, ...values: unknown[]) =>
        set(callback, (run) => {
          const timer = native.setInterval(() => void run(...values), delayOf(delayMs));
          return () => native.clearInterval(timer);
        }),
      clearTimeout: clear,
      clearInterval: clear,
      queueMicrotask: (callback: () => unknown) => {
        const run = requireFunction(callback);
        void Promise.resolve().then(() => void run());
      },
    }),
    beginCall: () => void (isOpen = true),
    endCall() {
      isOpen = false;
      for (const id of stops.keys()) clear(id);
    },
  };
}

/** Text would be code. */
function requireFunction(callback: unknown): Callback {
  if (typeof callback !== 'function') throw new TypeError('The callback of a timer must be a function');
  return callback as Callback;
}

function delayOf(delayMs: unknown): number {
  const delay = Math.floor(Number(delayMs));
  return delay >= 1 ? Math.min(delay, delayMaxMs) : 1;
}
