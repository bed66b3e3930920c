import assert from 'node:assert/strict';
import { askChain, askEvery, type FailurePolicy, type Respondent } from '#host/host.js';
import { memoryLog } from '../helpers/compartment.js';

type Ask = (callback: string, input: never) => Promise<unknown>;

function respondent(name: string, ask: Ask, onFailure: FailurePolicy = 'default'): Respondent {
  return { name, onFailure, ask: ask as Respondent['ask'] };
}
const failing: Ask = () => Promise.reject(new Error('broken'));
const container = { id: 'abcdefghijkl', image: 'host:', command: ['true'], pid: 1, startedAt: 0, uid: 0 };

describe('asking every plugin', () => {
  it('asks in order', async () => {
    const asked: string[] = [];
    const note = (name: string) => respondent(name, () => Promise.resolve(void asked.push(name)));
    await askEvery([note('b'), note('a')], 'postStartProcess', { container }, memoryLog());
    assert.deepEqual(asked, ['b', 'a']);
  });

  it('stops at the first failure where the contract says so', async () => {
    let reached = false;
    const next = respondent('next', () => Promise.resolve(void (reached = true)));
    await assert.rejects(askEvery([respondent('x', failing), next], 'postStartProcess', { container }, memoryLog()), /broken/);
    assert.equal(reached, false);
  });

  it('reports and goes on where the operator called the plugin optional', async () => {
    const log = memoryLog();
    let reached = false;
    const next = respondent('next', () => Promise.resolve(void (reached = true)));
    await askEvery([respondent('x', failing, 'optional'), next], 'postStartProcess', { container }, log);
    assert.equal(reached, true);
    assert.match(log.text(), /^warning: broken; going on without it/);
  });

  it('reports and goes on where the contract says so', async () => {
    const log = memoryLog();
    await askEvery([respondent('x', failing)], 'monitorContainer', { container, event: { type: 'start' } }, log);
    assert.match(log.text(), /going on without it/);
  });

  it('stops where the operator called the plugin required', async () => {
    const asked = askEvery(
      [respondent('x', failing, 'required')],
      'monitorContainer',
      { container, event: { type: 'start' } },
      memoryLog(),
    );
    await assert.rejects(asked, /broken/);
  });
});

describe('asking a chain', () => {
  const chain = {
    first: [] as string[],
    input: (value: string[]) => ({ config: value }) as never,
    apply: (value: string[], answer: unknown) => [...value, String(answer)],
  };

  it('shows each plugin what those before it made', async () => {
    const seen: number[] = [];
    const link = (name: string) =>
      respondent(name, (_callback, { config }: { config: string[] }) => {
        seen.push(config.length);
        return Promise.resolve(name);
      });
    assert.deepEqual(await askChain([link('a'), link('b')], 'engineConfig', chain, memoryLog()), ['a', 'b']);
    assert.deepEqual(seen, [0, 1]);
  });

  it('keeps what was there when an optional plugin fails', async () => {
    const good = respondent('a', () => Promise.resolve('a'));
    assert.deepEqual(await askChain([good, respondent('x', failing, 'optional')], 'engineConfig', chain, memoryLog()), ['a']);
  });

  it('treats an answer that cannot be applied as a failure of the plugin', async () => {
    const refuse = { ...chain, apply: () => assert.fail('not granted') };
    await assert.rejects(askChain([respondent('a', () => Promise.resolve('a'))], 'engineConfig', refuse, memoryLog()), /not granted/);
  });
});
