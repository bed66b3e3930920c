import type { Port } from './gate.js';

/** The part of a Node `Duplex` that carries messages between two processes. */
export interface ByteStream {
  write(bytes: Uint8Array): unknown;
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  destroy(): unknown;
}

/** Structured clone as bytes. `decode` throws on bytes that are none. */
export interface Codec {
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

/** Which port a frame is for. */
const channels = { start: 0, call: 1, power: 2 } as const;
type Channel = keyof typeof channels;
type Listener = (message: unknown) => void;

/** Length (uint32, big-endian) of what follows the header, and the channel (uint8). */
const HEADER_BYTES = 5;

export interface StreamPorts extends Readonly<Record<Channel, Port>> {
  close(): void;
}

/**
 * Three ports over one stream of bytes: what a compartment in a process of its own has in place of message channels. A frame
 * that is longer than `frameBytesMax`, for no known channel or unreadable is told as `messageerror`, and nothing is read after it; its length is
 * known before it is taken in, so that a peer cannot make this side hold more than one frame.
 */
export function openStreamPorts(stream: ByteStream, codec: Codec, frameBytesMax: number): StreamPorts {
  let isClosed = false;
  const listeners = { start: makeListeners(), call: makeListeners(), power: makeListeners() };

  function receive({ channel, body }: Frame): void {
    let message: unknown;
    try {
      message = codec.decode(body);
    } catch {
      return fail();
    }
    for (const listener of [...listeners[channel].message]) listener(message);
  }
  function fail(): void {
    close();
    for (const { messageerror } of Object.values(listeners)) for (const listener of [...messageerror]) listener(undefined);
  }
  function close(): void {
    if (isClosed) return;
    isClosed = true;
    stream.destroy();
  }
  const split = makeSplitter(frameBytesMax, receive, fail);
  stream.on('data', (chunk) => split(chunk, () => isClosed));

  function makePort(channel: Channel): Port {
    return {
      postMessage(message) {
        if (isClosed) return;
        const body = codec.encode(message);
        const frame = new Uint8Array(HEADER_BYTES + body.length);
        new DataView(frame.buffer).setUint32(0, body.length);
        frame[4] = channels[channel];
        frame.set(body, HEADER_BYTES);
        stream.write(frame);
      },
      on: (event, listener) => listeners[channel][event].add(listener),
      off: (event, listener) => listeners[channel][event].delete(listener),
    };
  }
  return { start: makePort('start'), call: makePort('call'), power: makePort('power'), close };
}

function makeListeners(): Record<'message' | 'messageerror', Set<Listener>> {
  return { message: new Set(), messageerror: new Set() };
}

interface Frame {
  readonly channel: Channel;
  readonly body: Uint8Array;
}

/** Cuts a stream into frames, however its chunks fall. */
function makeSplitter(frameBytesMax: number, receive: (frame: Frame) => void, fail: () => void) {
  let chunks: Uint8Array[] = [];
  let held = 0;
  let needed = HEADER_BYTES;
  return (chunk: Uint8Array, isClosed: () => boolean): void => {
    if (isClosed()) return;
    chunks.push(chunk);
    held += chunk.length;
    while (held >= needed && !isClosed()) {
      const bytes = join(chunks, held);
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
      const channel = channelOf(bytes[4]);
      if (length > frameBytesMax || channel === undefined) return fail();
      const end = HEADER_BYTES + length;
      if (held < end) {
        needed = end;
        chunks = [bytes];
        return;
      }
      held -= end;
      chunks = [bytes.subarray(end)];
      needed = HEADER_BYTES;
      receive({ channel, body: bytes.subarray(HEADER_BYTES, end) });
    }
  };
}

function channelOf(code: number | undefined): Channel | undefined {
  return (Object.keys(channels) as Channel[]).find((channel) => channels[channel] === code);
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
