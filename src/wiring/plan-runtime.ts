/** Asks a plugin what its runtime runs, and judges what it answers: whoever it is, one way. */
import { isAbsolute } from 'node:path';
import type { CallbackOutput, Permissions } from '@bulkhead/plugin-sdk/contract';
import type { RuntimePlan, RuntimeQuestion } from '#engine/engine.js';
import { requireRuntimeProgram, type Audit, type Respondent } from '#host/host.js';
import { recordAwaited } from './audit.js';
import { wiringErrors } from './errors.js';

interface Permitting {
  /** What the plugin was granted of programs; asked when it has answered. */
  readonly grantsFor: (program: string) => Permissions;
  readonly audit: Audit;
}

/** Asks the plugin what is to be run, and lets pass what it may run. */
export function planWith(plugin: Pick<Respondent, 'name' | 'ask'>, permitting: Permitting) {
  return async (question: RuntimeQuestion): Promise<RuntimePlan> => {
    const answer = await plugin.ask('runtime', question);
    if ('refuse' in answer) throw wiringErrors.runtimeDeclined(plugin.name, question.runtime, answer.refuse);
    return permitPlan(plugin.name, answer, permitting);
  };
}

type Plan = Exclude<CallbackOutput<'runtime'>, { refuse: string }>;

async function permitPlan(
  name: string,
  { program, args = [], like, wrapper, changes }: Plan,
  { grantsFor, audit }: Permitting,
): Promise<RuntimePlan> {
  const permit = (wanted: string, words: readonly string[]): Promise<string> =>
    recordAwaited(audit, { plugin: name, callback: 'runtime', power: 'runtime', argument: { program: wanted, args: words } }, () =>
      requireRuntimeProgram(name, wanted, grantsFor(wanted)),
    );
  const found = await permit(program, args);
  const isPath = isAbsolute(program);
  return {
    program: found,
    args,
    // What it is called, not where that leads, tells whose ways it has.
    ...(like !== undefined || isPath ? { like: like ?? program } : {}),
    ...(wrapper === undefined ? {} : { wrapper: { program: await permit(wrapper.program, wrapper.args), args: wrapper.args } }),
    ...(changes === undefined ? {} : { changes }),
  };
}
