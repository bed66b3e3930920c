import assert from 'node:assert/strict';
import { MessageChannel } from 'node:worker_threads';
import { describe, it } from 'mocha';
import { openClient, serve, type Port } from '#wire/wire.js';
import { findNotPlain, plainDataLimits } from '../../src/wire/plain-data.js';

const look = (value: unknown): string | undefined => findNotPlain(value, undefined, 'bytes');

describe('bytes on the wire', () => {
  it('are one Uint8Array with a buffer of its own, up to a limit, and only where answers may hold one', () => {
    const { bytesMax } = plainDataLimits;
    assert.equal(look({ bytes: new Uint8Array(bytesMax) }), undefined);
    assert.match(look({ bytes: new Uint8Array(bytesMax + 1) }) ?? '', /more than 1048576 bytes/);
    assert.match(findNotPlain({ bytes: new Uint8Array(1) }) ?? '', /not plain/);
    assert.match(look([new Uint8Array(1), new Uint8Array(1)]) ?? '', /not plain/);
  });

  it('are not what others can still write to, nor a window into more', () => {
    class Own extends Uint8Array {}
    const growing = Reflect.construct(ArrayBuffer, [8, { maxByteLength: 1_048_576 }]) as ArrayBuffer;
    assert.match(look({ bytes: new Uint8Array(new SharedArrayBuffer(8)) }) ?? '', /shared/);
    assert.match(look({ bytes: new Uint8Array(growing) }) ?? '', /part of something larger/);
    assert.match(look({ bytes: new Uint8Array(new ArrayBuffer(1024), 0, 8) }) ?? '', /part of something larger/);
    assert.match(look({ bytes: new Own(8) }) ?? '', /shared|not plain/);
    for (const bytes of [new DataView(new ArrayBuffer(8)), new ArrayBuffer(8), new Uint16Array(8)]) assert.ok(look({ bytes }));
  });

  it('are moved to who asked: the one who sent them has none left', async () => {
    const { port1, port2 } = new MessageChannel();
    try {
      const bytes = new Uint8Array([1, 2, 3]);
      const fail = (why: string): never => assert.fail(why);
      serve(port1 as Port, { read: () => ({ bytes }), other: () => ({ bytes: new Uint8Array(1) }) }, fail, { bytesIn: ['read'] });
      const ask = openClient(port2 as Port, ['read', 'other'], fail, { bytes: 'bytes' });
      assert.deepEqual(await ask('read', null), { ok: true, value: { bytes: new Uint8Array([1, 2, 3]) } });
      assert.equal(bytes.byteLength, 0);
      const other = await ask('other', null);
      assert.equal(other.ok, false);
    } finally {
      port1.close();
    }
  });
});
