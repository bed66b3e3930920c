import * as v from 'valibot';
import { cut } from './fault.js';
import { findBuffer, findNotPlain } from './plain-data.js';

/** The part of a Node `MessagePort` that the border uses. */
export interface Port {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  on(event: 'message' | 'messageerror', listener: (message: unknown) => void): unknown;
  off(event: 'message' | 'messageerror', listener: (message: unknown) => void): unknown;
}

interface MessageEventLike {
  readonly data: unknown;
}
type Listener = ((event: MessageEventLike) => void) | { handleEvent(event: MessageEventLike): void };

/** What comlink calls an endpoint, narrowed to what it does with ours. */
export interface Endpoint {
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  addEventListener(type: string, listener: Listener): void;
  removeEventListener(type: string, listener: Listener): void;
}

export interface GateRules {
  /** A message from the other side that does not pass this never reaches comlink. */
  readonly receive: v.GenericSchema;
  /** A message of our own that does not pass this is a mistake of ours, and thrown. */
  readonly send: v.GenericSchema;
  /** Of the texts in a message; see plain-data.ts. */
  readonly charactersMax?: number | undefined;
  /** Whether what is received may hold bytes: one Uint8Array; see plain-data.ts. */
  readonly bytes?: 'bytes' | 'no bytes';
  /** Told of each message that was turned away, with the reason. The peer's code is in the compartment's hands: end it. */
  readonly onViolation: (reason: string) => void;
}

/** What a message has around its value: ids, a path, the names of its fields. */
const envelopeCharacters = 1024;

/**
 * Puts a gate between a port and comlink.
 *
 * Plain comlink gives whoever holds the other port the whole realm (a path such as `method.constructor` reaches `Function`),
 * and malformed messages crash its host. So comlink sees only what a strict schema has passed, and sees the schema's copy of
 * it, never the object that arrived.
 */
export function gatePort(port: Port, { receive, send, charactersMax, bytes, onViolation }: GateRules): Endpoint {
  const attached = new Map<Listener, (message: unknown) => void>();
  return {
    postMessage(message, transfer = []) {
      if (transfer.length > 0) return onViolation('tried to send a port or a buffer to transfer');
      if (isRelease(message)) return;
      const checked = v.parse(send, message, { abortEarly: true });
      const buffer = findReplyBuffer(checked);
      // Moved, not copied: who sends it has no hold on it any more when it is checked.
      if (buffer === undefined) port.postMessage(checked);
      else port.postMessage(checked, [buffer]);
    },
    addEventListener(type, listener) {
      if (type !== 'message' || attached.has(listener)) return;
      const pass = (message: unknown): void => {
        const notPlain = findNotPlain(message, charactersMax === undefined ? undefined : charactersMax + envelopeCharacters, bytes);
        if (notPlain !== undefined) return onViolation(`message: ${notPlain}`);
        const checked = v.safeParse(receive, message, { abortEarly: true });
        if (!checked.success) return onViolation(describeIssue(checked.issues[0]));
        const event = { data: checked.output };
        if (typeof listener === 'function') listener(event);
        else listener.handleEvent(event);
      };
      attached.set(listener, pass);
      port.on('message', pass);
      // Not even readable: sent by code that chose what it is to become here.
      port.on('messageerror', () => onViolation('a message that cannot be read'));
    },
    removeEventListener(_type, listener) {
      const pass = attached.get(listener);
      if (pass) port.off('message', pass);
      attached.delete(listener);
    },
  };
}

const answeredReply = v.object({ type: v.literal('RAW'), value: v.object({ ok: v.literal(true), value: v.unknown() }) });

function findReplyBuffer(message: unknown): ArrayBuffer | undefined {
  const reply = v.safeParse(answeredReply, message);
  return reply.success ? findBuffer(reply.output.value.value) : undefined;
}

/** comlink sends RELEASE when a proxy is collected. Our channels end with their port, so that nothing needs it. */
function isRelease(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'RELEASE';
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  // A key of the message can be part of the path.
  return cut(`${v.getDotPath(issue) ?? 'message'}: expected ${issue.expected ?? 'another value'}`, 256);
}
