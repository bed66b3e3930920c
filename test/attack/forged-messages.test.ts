import assert from 'node:assert/strict';
import { once } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { openClient, serve } from '#wire/wire.js';
import { snapshotRealm } from './realm.js';

const raw = (value: unknown) => ({ type: 'RAW', value });
const call = (changes: Record<string, unknown>) => ({ id: 'a', type: 'APPLY', path: ['echo'], argumentList: [raw(1)], ...changes });

/** What a worker could post when its realm is in hostile hands. The host must neither act on it nor fall over, and say so. */
const forgedCalls: Readonly<Record<string, unknown>> = {
  'a path to Function': call({ path: ['echo', 'constructor'], argumentList: [raw('return process.pid')] }),
  'CONSTRUCT of Function': call({ type: 'CONSTRUCT', path: ['echo', 'constructor'] }),
  'a path over an inherited name': call({ path: ['constructor'] }),
  '__proto__ as a path': call({ path: ['__proto__'] }),
  'a path segment that is an array': call({ path: [['echo']] }),
  'a path without segments': call({ path: [] }),
  'SET of a method': { id: 'a', type: 'SET', path: ['echo'], value: raw(1) },
  'SET of a prototype': { id: 'a', type: 'SET', path: ['__proto__', 'polluted'], value: raw(1) },
  'SET of a prototype through an array': { id: 'a', type: 'SET', path: [['__proto__'], 'polluted'], value: raw(1) },
  'GET of the root': { id: 'a', type: 'GET', path: [] },
  'GET of a method': { id: 'a', type: 'GET', path: ['echo'] },
  ENDPOINT: { id: 'a', type: 'ENDPOINT' },
  RELEASE: { id: 'a', type: 'RELEASE' },
  'an unknown type': call({ type: 'OTHER' }),
  'an argument with an unknown handler': call({ argumentList: [{ type: 'HANDLER', name: 'nobody', value: 1 }] }),
  'an argument that throws': call({ argumentList: [{ type: 'HANDLER', name: 'throw', value: { isError: false, value: 1 } }] }),
  'an argument that is a proxy': call({ argumentList: [{ type: 'HANDLER', name: 'proxy', value: {} }] }),
  'arguments that are no array': call({ argumentList: {} }),
  'two arguments': call({ argumentList: [raw(1), raw(2)] }),
  'no argument': call({ argumentList: [] }),
  'a further field': call({ origin: 'x' }),
  'an id that is an object': call({ id: {} }),
  'an empty id': call({ id: '' }),
  'an id of 65 characters': call({ id: 'x'.repeat(65) }),
  'a string': 'APPLY',
  null: null,
  'a number': 1,
  'an array': [call({})],
  'a Map': new Map(Object.entries(call({}))),
};

const forgedAnswers: Readonly<Record<string, unknown>> = {
  'a proxy instead of data': { type: 'HANDLER', name: 'proxy', value: {} },
  'a thrown value': {
    type: 'HANDLER',
    name: 'throw',
    value: { isError: true, value: { message: 'm', name: 'n', stack: 's', __proto__: null } },
  },
  'an unknown handler': { type: 'HANDLER', name: 'nobody', value: 1 },
  'a value that is no reply': raw('yes'),
  'a reply without a value': raw({ ok: true }),
  'a reply that is both': raw({ ok: true, value: 1, fault: { code: 'X', name: '', message: '' } }),
  'a fault with a message that is no text': raw({ ok: false, fault: { code: 'X', name: '', message: {} } }),
  'a fault with a message of 4097 characters': raw({ ok: false, fault: { code: 'X', name: '', message: 'x'.repeat(4097) } }),
  'a fault with a code that is a prototype': raw({ ok: false, fault: { code: '__proto__', name: '', message: '' } }),
  'a fault with further fields': raw({ ok: false, fault: { code: 'X', name: '', message: '', errno: 1 } }),
};

describe('a forged call to the host', () => {
  for (const [title, message] of Object.entries(forgedCalls)) {
    it(`is turned away: ${title}`, async () => {
      const before = snapshotRealm();
      const { port, violations, answers, calls } = openServer();
      port.postMessage(message);
      port.postMessage(call({ id: 'benign', argumentList: [raw('twin')] }));
      assert.deepEqual(await answers.next(), { id: 'benign', type: 'RAW', value: { ok: true, value: 'twin' } });
      assert.equal(violations.length, 1);
      assert.deepEqual(calls, ['twin']);
      assert.deepEqual(snapshotRealm(), before);
      port.close();
    });
  }
});

describe('a forged answer to the host', () => {
  for (const [title, message] of Object.entries(forgedAnswers)) {
    it(`is turned away: ${title}`, async () => {
      const { port1, port2 } = new MessageChannel();
      const violated = new Promise<string>((resolve) => {
        port2.on('message', ({ id }: { id: string }) => port2.postMessage({ ...(message as object), id }));
        void openClient(port1, ['echo'], resolve)('echo', 1).then(() => assert.fail('was answered'));
      });
      assert.ok((await violated).length > 0);
      port1.close();
    });
  }

  it('is dropped when nobody asked, when it comes twice, and when it is for another call', async () => {
    const { port1, port2 } = new MessageChannel();
    const answer = (id: string, value: unknown) => port2.postMessage({ id, type: 'RAW', value: { ok: true, value } });
    port2.on('message', ({ id }: { id: string }) => {
      answer('guessed', 'forged');
      answer(id, 'first');
      answer(id, 'second');
    });
    const ask = openClient(port1, ['echo'], () => assert.fail('violation'));
    assert.deepEqual(await ask('echo', 1), { ok: true, value: 'first' });
    assert.deepEqual(await ask('echo', 2), { ok: true, value: 'first' });
    port1.close();
  });

  it('is turned away when it cannot even be read', () => {
    const { port1 } = new MessageChannel();
    let violated = '';
    openClient(port1, ['echo'], (why) => (violated = why));
    port1.emit('messageerror', new Error('unreadable'));
    assert.equal(violated, 'a message that cannot be read');
    port1.close();
  });

  it('passes when it is a plain reply', async () => {
    const { port1, port2 } = new MessageChannel();
    serve(port2, { echo: (value) => value }, () => assert.fail('violation'));
    assert.deepEqual(await openClient(port1, ['echo'], () => assert.fail('violation'))('echo', { a: [1] }), {
      ok: true,
      value: { a: [1] },
    });
    port1.close();
  });
});

/** A host that serves `echo`, seen from the worker's end of the port. */
function openServer() {
  const { port1, port2 } = new MessageChannel();
  const violations: string[] = [];
  const calls: unknown[] = [];
  serve(port1, { echo: (value) => (calls.push(value), value) }, (reason) => violations.push(reason));
  const answers = { next: async () => ((await once(port2, 'message')) as [unknown])[0] };
  return { port: port2 as MessagePort, violations, answers, calls };
}
