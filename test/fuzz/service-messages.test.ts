import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { BulkheadError } from '#base/errors.js';
import { openPeer } from '../../src/services/protocol/peer.js';
import { snapshotRealm } from '../attack/realm.js';
import { holds, timeoutMs } from './fuzz.js';

/** The host's end of a socket, on which the test says what arrives. */
class End extends Duplex {
  readonly sent: string[] = [];
  override _read(): void {
    // What arrives is pushed.
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.sent.push(chunk.toString());
    done();
  }
}

const id = fc.oneof(fc.constantFrom<unknown>(1, 1, 1, 2, '1', null, -1, 1.5, 1e21), fc.jsonValue());
const message = fc
  .record(
    {
      jsonrpc: fc.constantFrom('2.0', '2.0', '2.0', '1.0', 2),
      id,
      result: fc.jsonValue(),
      error: fc.oneof(fc.record({ code: fc.integer(), message: fc.string() }), fc.jsonValue()),
      method: fc.oneof(fc.string(), fc.constantFrom('hello', 'constructor', '__proto__')),
      params: fc.jsonValue(),
      extra: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  .map((value) => JSON.stringify(value));
const line = fc.oneof({ weight: 5, arbitrary: message }, { weight: 1, arbitrary: fc.string() }, { weight: 1, arbitrary: fc.json() });
const bytes = fc.oneof(
  { weight: 5, arbitrary: fc.array(line, { minLength: 1, maxLength: 5 }).map((lines) => Buffer.from(`${lines.join('\n')}\n`)) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 200 }).map((array) => Buffer.from(array)) },
);

describe('whatever a program of a service sends', function () {
  this.timeout(timeoutMs);

  it('in whatever pieces: a question ends with one right answer, or with an error that names the plugin, or is open still', () =>
    holds(
      fc.asyncProperty(bytes, fc.integer({ min: 1, max: 64 }), async (arriving, size) => {
        const before = snapshotRealm();
        const end = new End();
        const peer = openPeer(end, 'test');
        let outcome: { answer: unknown } | { thrown: unknown } | undefined;
        const asked = peer.request('say', {}, 600_000).then(
          (answer) => (outcome = { answer }),
          (thrown: unknown) => (outcome = { thrown }),
        );
        for (let at = 0; at < arriving.length && !end.destroyed; at += size) end.push(arriving.subarray(at, at + size));
        await turn();
        await turn();
        if (outcome !== undefined && 'answer' in outcome) {
          const { answer } = outcome;
          const lines = arriving.toString().split('\n').filter(isJson);
          assert.ok(lines.some((text) => isAnswer(JSON.parse(text), answer)));
        } else if (outcome !== undefined) {
          assert.ok(outcome.thrown instanceof BulkheadError);
          assert.equal(outcome.thrown.kind, 'plugin');
          assert.match(outcome.thrown.message, /lugin "test"/);
        }
        // The question, and a refusal for each that it asked itself.
        assert.ok(end.sent.slice(1).every((text) => text.includes('"code":-32601')));
        peer.close();
        await asked;
        assert.deepEqual(snapshotRealm(), before);
      }),
      { runs: 2000 },
    ));
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isAnswer(value: unknown, answer: unknown): boolean {
  const found = value as { jsonrpc?: unknown; id?: unknown; result?: unknown } | null;
  return found?.jsonrpc === '2.0' && found.id === 1 && JSON.stringify(found.result) === JSON.stringify(answer);
}
