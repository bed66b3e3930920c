import assert from 'node:assert/strict';
import { callbacks, CONTRACT } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import { openConversation, type ConversationOptions } from '../../../src/services/protocol/conversation.js';
import { helloQuestion } from '../../../src/services/protocol/messages.js';
import { openPair, type Pair } from './pair.js';

const operations = { runtime: callbacks.runtime };
const options: ConversationOptions<typeof operations> = {
  plugin: 'example',
  type: 'runtime',
  instance: 'a1b2c3d4e5f6',
  settings: { nice: 5 },
  offered: CONTRACT,
  lock: 'range',
  operations,
  needed: ['runtime'],
};
const own = { version: CONTRACT.version, callbacks: { runtime: '1.0.0' } };
const question: v.InferOutput<typeof callbacks.runtime.input> = {
  runtime: 'example',
  container: { id: 'a1b2c3d4e5f6', image: 'rootfs', identity: 'root' },
  config: {
    process: {
      terminal: false,
      user: { uid: 0, gid: 0, umask: 18 },
      args: ['true'],
      envNames: [],
      cwd: '/',
      capabilities: [],
      rlimits: [],
    },
    linux: { namespaces: [], seccomp: true },
  },
};

describe('a conversation with the program of a plugin', () => {
  let pair: Pair;
  beforeEach(async () => {
    pair = await openPair();
  });
  afterEach(() => pair.close());

  async function open(answer: object, changes: Partial<typeof options> = {}) {
    const opening = openConversation(pair.host, { ...options, ...changes });
    const { id, method, params } = await pair.next();
    assert.equal(method, 'hello');
    pair.say({ id, result: answer });
    return { opening, params };
  }

  it('begins with what the host offers, for whom, and the operator’s settings; then it is asked', async () => {
    const { opening, params } = await open({ protocol: 1, contract: own });
    const { type, instance, plugin, settings, contract } = v.parse(helloQuestion, params);
    assert.deepEqual(
      { type, instance, plugin, settings },
      { type: 'runtime', instance: 'a1b2c3d4e5f6', plugin: 'example', settings: { nice: 5 } },
    );
    assert.deepEqual(contract, CONTRACT);
    const conversation = await opening;
    const asked = conversation.call('runtime', question);
    const { id, method, params: input } = await pair.next();
    assert.deepEqual([method, input], ['runtime', question]);
    pair.say({ id, result: { program: 'crun', args: [] } });
    assert.deepEqual(await asked, { program: 'crun', args: [] });
    conversation.close();
    assert.equal(await conversation.closed, undefined);
  });

  const [major = 0, minor = 0] = CONTRACT.version.split('.').map(Number);
  const refused: [string, object, RegExp, Partial<typeof options>?][] = [
    ['of the next major', { ...own, version: `${major + 1}.0.0` }, /too new for this host/],
    ['of an older major', { ...own, version: '0.8.0' }, /too old for this host/],
    ['of an older major that packages have an adapter for', { ...own, version: '0.9.0' }, /too old for this host|not the contract/],
    [
      'with a newer callback',
      { ...own, version: `${major}.${minor + 1}.0`, callbacks: { runtime: '1.1.0' } },
      /callback "runtime" is 1\.0\.0 here and 1\.1\.0 there/,
    ],
    [
      'with a callback that is unknown here',
      { ...own, callbacks: { runtime: '1.0.0', later: '1.0.0' } },
      /callback "later" is missing here/,
    ],
    ['that says it is this version, with other schemas', { ...own, digest: `sha256:${'0'.repeat(64)}` }, /not the contract it claims/],
    ['that does not answer what is asked', { ...own, callbacks: {} }, /does not answer runtime/],
    ['without a digest, where exactly this contract is wanted', own, /not exactly this contract/, { lock: 'exact' }],
  ];
  for (const [what, contract, message, changes] of refused) {
    it(`ends with a program ${what}`, async () => {
      const { opening } = await open({ protocol: 1, contract }, changes);
      await assert.rejects(opening, { code: 'SERVICE_INCOMPATIBLE', message });
      assert.equal((await pair.lines.next()).done, true);
    });
  }

  it('ends with a program of another protocol', async () => {
    const { opening } = await open({ protocol: 2, contract: own });
    await assert.rejects(opening, { code: 'SERVICE_INCOMPATIBLE', message: /protocol 2, and this host speaks 1/ });
  });

  it('goes on with one of a newer minor whose callbacks are the same, and one with exactly this digest', async () => {
    const { opening } = await open({ protocol: 1, contract: { ...own, version: `${major}.${minor + 1}.0` } });
    (await opening).close();
    await pair.close();
    pair = await openPair();
    const exact = await open({ protocol: 1, contract: { ...own, digest: CONTRACT.digest } }, { lock: 'exact' });
    (await exact.opening).close();
  });

  const noHello: [string, unknown][] = [
    ['nothing', null],
    ['a text', 'hello'],
    ['no contract', { protocol: 1 }],
    ['a version that is none', { protocol: 1, contract: { ...own, version: 'latest' } }],
    ['more than is asked', { protocol: 1, contract: own, grants: ['everything'] }],
    ['a huge number', { protocol: 1e300, contract: own }],
    [
      'too many callbacks',
      { protocol: 1, contract: { ...own, callbacks: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`c${n}`, '1.0.0'])) } },
    ],
  ];
  for (const [what, answer] of noHello) {
    it(`ends with a program that says ${what} for a greeting`, async () => {
      const { opening } = await open(answer as object);
      await assert.rejects(opening, { code: 'SERVICE_ANSWER_INVALID', kind: 'plugin' });
      assert.equal((await pair.lines.next()).done, true);
    });
  }

  it('takes null for nothing, of a question to which there may be nothing to say', async () => {
    const networks = { network: callbacks.network };
    const opening = openConversation(pair.host, { ...options, type: 'network', operations: networks, needed: ['network'] });
    pair.say({ id: (await pair.next()).id, result: { protocol: 1, contract: { ...own, callbacks: { network: '1.0.0' } } } });
    const network = { name: 'web', internal: false, labels: {}, options: {} };
    const asked = (await opening).call('network', { operation: 'create', provider: 'example', network });
    pair.say({ id: (await pair.next()).id, result: null });
    assert.equal(await asked, undefined);
  });

  const answers: [string, unknown, RegExp][] = [
    ['no plan', 'crun', /SERVICE_ANSWER_INVALID/],
    ['nothing', null, /SERVICE_ANSWER_INVALID/],
    ['a relative path', { program: 'bin/crun' }, /SERVICE_ANSWER_INVALID/],
    ['more than a plan', { program: 'crun', mounts: [] }, /SERVICE_ANSWER_INVALID/],
    ['something to add', { program: 'crun', changes: { addCapabilities: ['CAP_SYS_ADMIN'] } }, /SERVICE_ANSWER_INVALID/],
    ['too many arguments', { program: 'crun', args: Array.from({ length: 129 }, () => 'x') }, /SERVICE_ANSWER_INVALID/],
  ];
  for (const [what, answer, code] of answers) {
    it(`does not let pass an answer that is ${what}`, async () => {
      const { opening } = await open({ protocol: 1, contract: own });
      const asked = (await opening).call('runtime', question);
      pair.say({ id: (await pair.next()).id, result: answer });
      await assert.rejects(asked, ({ code: found }: { code: string }) => code.test(found));
    });
  }

  it('has the deadlines of the contract, as the operator changes them', async () => {
    const { opening } = await open({ protocol: 1, contract: own }, { deadlineOf: (contractMs) => contractMs / 100 });
    await assert.rejects((await opening).call('runtime', question), { code: 'SERVICE_CALL_LATE', message: /runtime within 50 ms/ });
  });
});
