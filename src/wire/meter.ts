import type { Port } from './gate.js';

/** What one compartment may send. */
export interface MeterLimits {
  readonly messagesPerSecond: number;
  /** Calls that have not been answered. */
  readonly inFlight: number;
  /** Replies that nobody waits for. */
  readonly strayReplies: number;
}

export interface MeterOptions {
  readonly limits: MeterLimits;
  /** Told once, with the reason. */
  readonly onFlood: (why: string) => void;
  /** Makes an id that cannot be guessed. */
  readonly makeId: () => string;
  /** Milliseconds. */
  readonly now: () => number;
}

export interface Meter {
  /** The port over which the compartment calls. */
  calls(port: Port): Port;
  /** The port over which it answers: a reply passes once, and only if somebody asked. */
  answers(port: Port): Port;
  /** How many replies were dropped so far. */
  readonly strayReplies: number;
}

/**
 * Counts what arrives from a compartment, before anything looks into it. After a limit was passed, whatever else is still in the
 * queue of the ports is dropped: a flood ends with its compartment.
 */
export function openMeter({ limits, onFlood, makeId, now }: MeterOptions): Meter {
  let windowStart = -Infinity;
  let messages = 0;
  let strayReplies = 0;
  let isOver = false;

  const end = (why: string): void => {
    isOver = true;
    onFlood(why);
  };
  const countMessage = (): void => {
    const at = now();
    if (at - windowStart >= 1000) [windowStart, messages] = [at, 0];
    messages += 1;
    if (messages > limits.messagesPerSecond) end(`more than ${limits.messagesPerSecond} messages in a second`);
  };
  const countStray = (): void => {
    strayReplies += 1;
    if (strayReplies > limits.strayReplies) end(`more than ${limits.strayReplies} replies that nobody waits for`);
  };
  /** Calls `pass` with what is to be received. */
  const receiveThrough = (port: Port, pass: (message: unknown, deliver: (message: unknown) => void) => void): Pick<Port, 'on' | 'off'> => {
    const attached = new Map<Listener, Listener>();
    return {
      on(event, listener) {
        const counted: Listener = (message) => {
          if (!isOver) countMessage();
          if (!isOver) pass(message, listener);
        };
        attached.set(listener, counted);
        return port.on(event, event === 'message' ? counted : listener);
      },
      off: (event, listener) => port.off(event, attached.get(listener) ?? listener),
    };
  };

  return {
    calls(port) {
      let inFlight = 0;
      return {
        ...receiveThrough(port, (message, deliver) => {
          inFlight += 1;
          if (inFlight > limits.inFlight) end(`more than ${limits.inFlight} requests that are not answered yet`);
          else deliver(message);
        }),
        postMessage(message) {
          inFlight -= 1;
          port.postMessage(message);
        },
      };
    },
    answers(port) {
      /** comlink's ids come from Math.random, whose next values can be computed from a few; by the id that went out. */
      const asked = new Map<unknown, unknown>();
      return {
        ...receiveThrough(port, (message, deliver) => {
          const id = idOf(message);
          // Not in the form of a reply at all: the gate says what is wrong with it.
          if (typeof id !== 'string') return deliver(message);
          if (!asked.has(id)) return countStray();
          const own = asked.get(id);
          asked.delete(id);
          deliver({ ...(message as object), id: own });
        }),
        postMessage(message) {
          const id = makeId();
          asked.set(id, idOf(message));
          port.postMessage({ ...(message as object), id });
        },
      };
    },
    get strayReplies() {
      return strayReplies;
    },
  };
}

type Listener = (message: unknown) => void;

/** Nothing has checked the message yet. What arrived through a port has no getters. */
function idOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'id' in message ? message.id : undefined;
}
