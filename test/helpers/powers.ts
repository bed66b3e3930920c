import type { Permissions } from '@bulkhead/plugin-sdk/contract';
import type { CallInFlight, PowerContext } from '../../src/host/powers/power-context.js';
import { defaultBudgets } from '#host/host.js';
import { buildConfig, memoryLog, scriptOf, type TestHost } from './compartment.js';

/**
 * Runs `body` as an engineConfig callback in a fresh compartment; answers with what it returned, as text. `tell` gives the code
 * of an error: `return await host.readFile('/x').catch(tell)`.
 */
export async function evaluate(scene: TestHost, body: string, grants: Permissions = {}): Promise<string> {
  const script = scriptOf(
    `async engineConfig(_, host) { const tell = (error) => error.code; const r = await (async () => { ${body} })(); return { env: { R: String(r) } } }`,
  );
  await scene.host.close();
  const answer = await scene.plugin(script, { grants }).ask('engineConfig', { config: buildConfig() });
  return answer?.env?.['R'] ?? '';
}

/** For a power that is called without a compartment, where a test needs many calls or a hand on the clock. */
export function contextOf(grants: Permissions): PowerContext {
  return {
    plugin: 'test/plugin',
    grants,
    env: {},
    budgets: defaultBudgets,
    log: memoryLog(),
    print: () => undefined,
    sealed: [],
    stateDirectory: '/nonexistent',
  };
}

export function callOf(over: AbortSignal = new AbortController().signal): CallInFlight {
  return { callId: 'test', callback: 'engineConfig', over };
}
