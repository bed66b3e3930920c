import assert from 'node:assert/strict';
import { once } from 'node:events';
import { openPeer, peerLimits, type Peer } from '../../../src/services/protocol/peer.js';
import { openPair, type Pair } from './pair.js';

/** Longer than any test takes: what is not about a deadline has none. */
const NEVER_MS = 300_000;

describe('a peer', () => {
  let pair: Pair;
  let peer: Peer;
  beforeEach(async () => {
    pair = await openPair();
    peer = openPeer(pair.host, 'example');
  });
  afterEach(async () => {
    peer.close();
    await pair.close();
  });

  it('is asked in lines of JSON-RPC 2.0, and its answers find who asked, in whatever order and pieces they come', async () => {
    const asked = ['first', 'second'].map((word) => peer.request('say', { word }, NEVER_MS));
    const [first, second] = [await pair.next(), await pair.next()];
    assert.deepEqual(first, { jsonrpc: '2.0', id: first.id, method: 'say', params: { word: 'first' } });
    const text = `${JSON.stringify({ jsonrpc: '2.0', id: second.id, result: 'ß2' })}\r\n${JSON.stringify({ jsonrpc: '2.0', id: first.id, result: null })}\n`;
    for (const byte of Buffer.from(text)) pair.program.write(Buffer.of(byte));
    assert.deepEqual(await Promise.all(asked), [null, 'ß2']);
  });

  it('may say that it failed, and is asked again', async () => {
    const failed = peer.request('say', {}, NEVER_MS);
    pair.say({ id: (await pair.next()).id, error: { code: -7, message: 'no \u001b[31mbridge', data: { deep: [1] } } });
    await assert.rejects(failed, {
      code: 'SERVICE_CALL_FAILED',
      kind: 'plugin',
      message: 'Plugin "example" failed in say: no \u001b[31mbridge (-7)',
    });
    const answered = peer.request('say', {}, NEVER_MS);
    pair.say({ id: (await pair.next()).id, result: 1 });
    assert.equal(await answered, 1);
  });

  it('is told that the host has no methods, and goes on', async () => {
    const answered = peer.request('say', {}, NEVER_MS);
    const { id } = await pair.next();
    for (const asked of [7, 'a', null]) pair.say({ id: asked, method: 'exec', params: ['/bin/sh'] });
    pair.say({ method: 'log' });
    for (const asked of [7, 'a', null])
      assert.deepEqual(await pair.next(), { jsonrpc: '2.0', id: asked, error: { code: -32_601, message: 'there is no method "exec"' } });
    pair.say({ id, result: 'still here' });
    assert.equal(await answered, 'still here');
  });

  const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const hostile: [string, string | Buffer, RegExp][] = [
    ['no JSON', 'GET / HTTP/1.1\n', /of which it is not JSON/],
    ['an empty line', '\n', /of which it is not JSON/],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22, 0x0a]), /of which it is not UTF-8/],
    ['too deep', `{"jsonrpc":"2.0","id":1,"result":${nested(32)}}\n`, /of which it is nested more than 32 levels deep/],
    ['__proto__', '{"jsonrpc":"2.0","id":1,"result":{"__proto__":{"polluted":1}}}\n', /of which key "__proto__" is not allowed/],
    ['constructor', '{"jsonrpc":"2.0","id":1,"result":{"constructor":{}}}\n', /of which key "constructor" is not allowed/],
    ['several at once', '[{"jsonrpc":"2.0","id":1,"result":1}]\n', /no message of JSON-RPC/],
    ['another version', '{"jsonrpc":"1.0","id":1,"result":1}\n', /no message of JSON-RPC/],
    ['result and error', '{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}\n', /no message of JSON-RPC/],
    ['neither', '{"jsonrpc":"2.0","id":1}\n', /no message of JSON-RPC/],
    ['an error of a broken number', '{"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":""}}\n', /no message of JSON-RPC/],
    [
      'an error of too many words',
      `{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"${'x'.repeat(4097)}"}}\n`,
      /no message of JSON-RPC/,
    ],
    ['an id that is no number', '{"jsonrpc":"2.0","id":"1","result":1}\n', /no message of JSON-RPC/],
    ['an id that nobody has', '{"jsonrpc":"2.0","id":2,"result":1}\n', /answered a question that is not open \(2\)/],
    ['a huge id', '{"jsonrpc":"2.0","id":1e400,"result":1}\n', /no message of JSON-RPC/],
    ['a negative id', '{"jsonrpc":"2.0","id":-1,"result":1}\n', /answered a question that is not open \(-1\)/],
    [
      'that it could not read',
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}\n',
      /could not read a question: Parse error/,
    ],
    ['a request of a huge name', `{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(257)}"}\n`, /no message of JSON-RPC/],
  ];
  for (const [what, line, message] of hostile) {
    it(`that sends ${what} is not listened to any more`, async () => {
      const asked = peer.request('say', {}, NEVER_MS);
      await pair.next();
      pair.program.write(line);
      await assert.rejects(asked, { code: 'SERVICE_PROTOCOL_BROKEN', message });
      await assert.rejects(peer.request('say', {}, NEVER_MS), { code: 'SERVICE_PROTOCOL_BROKEN' });
      assert.equal((await peer.closed)?.code, 'SERVICE_PROTOCOL_BROKEN');
      await requireClosed();
    });
  }

  it('that answers twice is not believed the second time', async () => {
    const [first, second] = [peer.request('say', {}, NEVER_MS), peer.request('say', {}, NEVER_MS)];
    const { id } = await pair.next();
    pair.say({ id, result: 1 });
    pair.say({ id, result: 2 });
    assert.equal(await first, 1);
    await assert.rejects(second, { code: 'SERVICE_PROTOCOL_BROKEN' });
  });

  it('may send a line of 4 MiB, and no byte more, with an end or without', async () => {
    const around = '{"jsonrpc":"2.0","id":1,"result":""}\n'.length;
    const answerOf = (bytes: number): string => `{"jsonrpc":"2.0","id":1,"result":"${'x'.repeat(bytes - around)}"}\n`;
    const asked = peer.request('say', {}, NEVER_MS);
    pair.program.write(answerOf(peerLimits.lineBytesMax));
    assert.equal(String(await asked).length, peerLimits.lineBytesMax - around);
    for (const line of [answerOf(peerLimits.lineBytesMax + 1), 'x'.repeat(peerLimits.lineBytesMax)]) {
      const other = await openPair();
      const again = openPeer(other.host, 'example').request('say', {}, NEVER_MS);
      other.program.write(line);
      await assert.rejects(again, { code: 'SERVICE_PROTOCOL_BROKEN', message: /a line of more than 4194304 bytes/ });
      await other.close();
    }
  });

  it('that asks more than 256 times is not listened to any more, whether it wants answers or not', async () => {
    for (let count = 0; count < peerLimits.unaskedMax; count += 1) pair.say({ method: 'log', ...(count % 2 === 0 ? { id: count } : {}) });
    const asked = peer.request('say', {}, NEVER_MS);
    for (let question = await pair.next(); question.method !== 'say'; question = await pair.next());
    pair.say({ id: 1, result: 'heard' });
    assert.equal(await asked, 'heard');
    const last = peer.request('say', {}, NEVER_MS);
    pair.say({ method: 'log' });
    await assert.rejects(last, { code: 'SERVICE_PROTOCOL_BROKEN', message: /asked more than 256 times/ });
  });

  it('that never answers is late, and all else that was asked ends with that', async () => {
    const [short, long] = [peer.request('say', {}, 50), peer.request('wait', {}, NEVER_MS)];
    const failures = await Promise.allSettled([short, long]);
    for (const failure of failures)
      assert.match(String((failure as PromiseRejectedResult).reason), /Plugin "example" did not answer say within 50 ms/);
    await requireClosed();
  });

  it('that writes without an end and without a line break is late too', async () => {
    const asked = peer.request('say', {}, 100);
    pair.program.write('{"jsonrpc":"2.0",');
    await assert.rejects(asked, { code: 'SERVICE_CALL_LATE' });
  });

  it('that goes, also within a line, ends what was asked', async () => {
    const asked = [peer.request('say', {}, NEVER_MS), peer.request('say', {}, NEVER_MS)];
    await pair.next();
    pair.program.end('{"jsonrpc":"2.0","id":1,"result":1}');
    for (const one of asked) await assert.rejects(one, { code: 'SERVICE_CONNECTION_LOST', message: /its program closed the connection/ });
    assert.equal((await peer.closed)?.code, 'SERVICE_CONNECTION_LOST');
  });

  it('is asked for 16 things at once, and for no more', async () => {
    const asked = Array.from({ length: peerLimits.inFlightMax }, () => peer.request('say', {}, NEVER_MS));
    await assert.rejects(peer.request('say', {}, NEVER_MS), { code: 'SERVICE_CALLS_TOO_MANY' });
    pair.say({ id: 1, result: 1 });
    await asked[0];
    const further = peer.request('say', {}, NEVER_MS);
    peer.close();
    for (const failure of await Promise.allSettled([...asked.slice(1), further])) assert.equal(failure.status, 'rejected');
    assert.equal(await peer.closed, undefined);
  });

  it('is not asked with a line of more than 4 MiB, and can be asked for something shorter', async () => {
    await assert.rejects(peer.request('say', { word: 'x'.repeat(peerLimits.lineBytesMax) }, NEVER_MS), {
      code: 'SERVICE_QUESTION_TOO_LARGE',
    });
    const asked = peer.request('say', {}, NEVER_MS);
    pair.say({ id: (await pair.next()).id, result: 1 });
    assert.equal(await asked, 1);
  });

  async function requireClosed(): Promise<void> {
    pair.program.resume();
    if (!pair.program.destroyed) await once(pair.program, 'close');
  }
});
