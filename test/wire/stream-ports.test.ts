import assert from 'node:assert/strict';
import { deserialize, serialize } from 'node:v8';
import { openStreamPorts, type StreamPorts } from '#wire/wire.js';

const codec = { encode: (value: unknown) => serialize(value), decode: (bytes: Uint8Array) => deserialize(bytes) as unknown };

interface TestStream {
  readonly ports: StreamPorts;
  readonly written: Buffer[];
  readonly heard: unknown[];
  isDestroyed(): boolean;
  feed(...chunks: Uint8Array[]): void;
}

function openTestStream(frameBytesMax = 1000): TestStream {
  const written: Buffer[] = [];
  const heard: unknown[] = [];
  let listener: (chunk: Uint8Array) => void = () => undefined;
  let destroyed = false;
  const stream = {
    write: (bytes: Uint8Array) => written.push(Buffer.from(bytes)),
    on: (_event: 'data', added: (chunk: Uint8Array) => void) => (listener = added),
    destroy: () => (destroyed = true),
  };
  const ports = openStreamPorts(stream, codec, frameBytesMax);
  for (const channel of ['start', 'call', 'power'] as const) {
    ports[channel].on('message', (message) => heard.push([channel, message]));
    ports[channel].on('messageerror', () => heard.push([channel, 'broken']));
  }
  return { ports, written, heard, isDestroyed: () => destroyed, feed: (...chunks) => chunks.forEach((chunk) => listener(chunk)) };
}

/** What a stream carries for these messages. */
function bytesOf(send: (ports: StreamPorts) => void): Buffer {
  const { ports, written } = openTestStream();
  send(ports);
  return Buffer.concat(written);
}

const threeMessages = bytesOf(({ start, call, power }) => {
  start.postMessage({ a: 1 });
  call.postMessage(['x', undefined, 2n]);
  power.postMessage('ä'.repeat(100));
});
const heardOfThem = [
  ['start', { a: 1 }],
  ['call', ['x', undefined, 2n]],
  ['power', 'ä'.repeat(100)],
];

describe('ports over a stream', () => {
  for (const size of [1, 2, 3, 4, 5, 6, 7, 64, 10_000]) {
    it(`carry messages whole, in chunks of ${size} bytes`, () => {
      const { feed, heard } = openTestStream();
      for (let at = 0; at < threeMessages.length; at += size) feed(threeMessages.subarray(at, at + size));
      assert.deepEqual(heard, heardOfThem);
    });
  }

  const brokenForAll = [
    ['start', 'broken'],
    ['call', 'broken'],
    ['power', 'broken'],
  ];
  for (const [title, bytes] of [
    ['is longer than allowed, before it is there', Buffer.from([0, 0, 3, 0xe9, 1])],
    ['claims 4 GiB', Buffer.from([255, 255, 255, 255, 1])],
    ['is for no channel', Buffer.from([0, 0, 0, 0, 3])],
    ['is empty', Buffer.from([0, 0, 0, 0, 1])],
    ['is no structured clone', Buffer.from([0, 0, 0, 3, 1, 1, 2, 3])],
    ['is a clone that stops short', Buffer.concat([Buffer.from([0, 0, 0, 5, 1]), serialize('a long text').subarray(0, 5)])],
  ] as const) {
    it(`are closed by a frame that ${title}, and hear nothing after it`, () => {
      const { feed, heard, isDestroyed } = openTestStream();
      feed(bytes, threeMessages);
      assert.deepEqual(heard, brokenForAll);
      assert.equal(isDestroyed(), true);
    });
  }

  it('take a frame of exactly the largest length', () => {
    const { feed, heard } = openTestStream(bytesOf(({ call }) => call.postMessage('x'.repeat(50))).length - 5);
    feed(bytesOf(({ call }) => call.postMessage('x'.repeat(50))));
    assert.deepEqual(heard, [['call', 'x'.repeat(50)]]);
  });

  it('say nothing once they are closed', () => {
    const { ports, written, feed, heard } = openTestStream();
    ports.close();
    ports.call.postMessage(1);
    feed(threeMessages);
    assert.deepEqual([written, heard], [[], []]);
  });
});
