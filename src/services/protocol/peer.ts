/**
 * JSON-RPC 2.0 with a program of somebody else, one message a line. The host asks; the program answers, in whatever order. What it asks itself
 * has no method here, and is told so. What does not keep to that ends the connection, and with it all that is in flight: who says one
 * such thing cannot be believed in the next.
 *
 *      limit                what it keeps away
 *      a line               a program that writes without an end
 *      depth, odd keys      see parseBoundedJson
 *      in flight            a host that asks faster than anybody answers
 *      unasked              a program that asks and asks, and perhaps never reads what it is told
 *      a deadline           a program that says nothing
 */
import type { Duplex } from 'node:stream';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { messageOf, type BulkheadError } from '#base/errors.js';
import { shorten } from '#base/text.js';
import { protocolErrors } from './errors.js';
import { incoming, METHOD_NOT_FOUND, type Incoming, type Request } from './messages.js';

export const peerLimits = {
  /** Of one message, either way. */
  lineBytesMax: 4_194_304,
  inFlightMax: 16,
  /** Requests and notifications of the program, while the connection lasts. */
  unaskedMax: 256,
} as const;

const LINE_FEED = 0x0a;
/** For which room is kept; few are longer. */
const LINE_BYTES = 4_096;

export interface Peer {
  /** Answers with what nobody has checked. Rejects with what the program says, with SERVICE_CALL_LATE, and where the connection has ended. */
  request(method: string, params: object, deadlineMs: number): Promise<unknown>;
  /** Resolves when the connection has ended, with why; with nothing where `close` was called. */
  readonly closed: Promise<BulkheadError | undefined>;
  /** Idempotent. */
  close(): void;
}

interface Pending {
  readonly method: string;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (value: unknown) => void;
  readonly reject: (why: BulkheadError) => void;
}

/** Takes the connection over. `plugin`: whose program it is, for the errors. */
export function openPeer(connection: Duplex, plugin: string): Peer {
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let unasked = 0;
  let end: BulkheadError | undefined;
  let tellClosed: (why: BulkheadError | undefined) => void = () => undefined;
  const closed = new Promise<BulkheadError | undefined>((resolve) => (tellClosed = resolve));

  function finish(why: BulkheadError, isOurs = false): void {
    if (end !== undefined) return;
    end = why;
    connection.destroy();
    for (const { reject, timer } of pending.values()) {
      clearTimeout(timer);
      reject(why);
    }
    pending.clear();
    tellClosed(isOurs ? undefined : why);
  }

  function fail(what: string): void {
    finish(protocolErrors.broken(plugin, what));
  }

  function take(line: Uint8Array): void {
    const parsed = parseBoundedJson(line);
    if (!parsed.parsed) return fail(`it sent a line of which ${parsed.why}`);
    const message = v.safeParse(incoming, parsed.value, { abortEarly: true });
    if (!message.success) return fail('it sent a line that is no message of JSON-RPC 2.0');
    if ('method' in message.output) refuse(message.output);
    else settle(message.output);
  }

  function settle(message: Exclude<Incoming, Request>): void {
    if (message.id === null) return fail(`it could not read a question: ${'error' in message ? message.error.message : ''}`);
    const waiting = pending.get(message.id);
    if (waiting === undefined) return fail(`it answered a question that is not open (${message.id})`);
    pending.delete(message.id);
    clearTimeout(waiting.timer);
    if ('error' in message) waiting.reject(protocolErrors.callFailed(plugin, waiting.method, message.error));
    else waiting.resolve(message.result);
  }

  function refuse({ id, method }: Request): void {
    unasked += 1;
    if (unasked > peerLimits.unaskedMax) return fail(`it asked more than ${peerLimits.unaskedMax} times`);
    if (id === undefined) return;
    write({ id, error: { code: METHOD_NOT_FOUND, message: `there is no method ${JSON.stringify(shorten(method, 64))}` } });
  }

  function write(message: object): number {
    const line = Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    if (line.length > peerLimits.lineBytesMax) return line.length;
    if (connection.writable) connection.write(line);
    return line.length;
  }

  connection.on('error', (thrown) => finish(protocolErrors.lost(plugin, messageOf(thrown))));
  connection.once('close', () => finish(protocolErrors.lost(plugin, 'its program closed the connection')));
  splitLines(connection, { take, tooLong: () => fail(`it sent a line of more than ${peerLimits.lineBytesMax} bytes`) });

  return {
    closed,
    close: () => finish(protocolErrors.lost(plugin, 'the connection was closed'), true),
    request(method, params, deadlineMs) {
      if (end !== undefined) return Promise.reject(end);
      if (pending.size >= peerLimits.inFlightMax) return Promise.reject(protocolErrors.tooMany(plugin, peerLimits.inFlightMax));
      const id = (lastId += 1);
      return new Promise((resolve, reject) => {
        if (write({ id, method, params }) > peerLimits.lineBytesMax) {
          reject(protocolErrors.questionTooLarge(plugin, method, peerLimits.lineBytesMax));
          return;
        }
        const timer = setTimeout(() => finish(protocolErrors.late(plugin, method, deadlineMs)), deadlineMs);
        pending.set(id, { method, timer, resolve, reject });
      });
    },
  };
}

/** Keeps no more of a line that has no end than its limit, in however many pieces it comes. A line counts until the next is taken. */
function splitLines(connection: Duplex, { take, tooLong }: { take: (line: Uint8Array) => void; tooLong: () => void }): void {
  let begun = Buffer.alloc(LINE_BYTES);
  let length = 0;

  function append(part: Buffer): void {
    if (length + part.length > begun.length) {
      const larger = Buffer.alloc(Math.max(begun.length * 2, length + part.length));
      begun.copy(larger, 0, 0, length);
      begun = larger;
    }
    part.copy(begun, length);
    length += part.length;
  }

  function end(): void {
    const line = begun.subarray(0, length);
    if (begun.length > LINE_BYTES) begun = Buffer.alloc(LINE_BYTES);
    length = 0;
    take(line);
  }

  connection.on('data', (bytes: Buffer) => {
    for (let start = 0; start < bytes.length && !connection.destroyed;) {
      const feed = bytes.indexOf(LINE_FEED, start);
      const part = bytes.subarray(start, feed < 0 ? bytes.length : feed);
      if (length + part.length >= peerLimits.lineBytesMax) return tooLong();
      append(part);
      if (feed < 0) return;
      end();
      start = feed + 1;
    }
  });
}
