import { callbacks, type CallbackInput, type CallbackName, type CallbackOutput } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError, messageOf } from '#base/errors.js';
import type { Log } from '#base/log.js';

/** What a failure of a plugin means: as the contract says for the callback, or as the operator said at install. */
export type FailurePolicy = 'default' | 'required' | 'optional';

/** A plugin that can be asked. */
export interface Respondent {
  readonly name: string;
  readonly onFailure: FailurePolicy;
  ask<Name extends CallbackName>(callback: Name, input: CallbackInput<Name>): Promise<CallbackOutput<Name>>;
}

/** `answers: 'one'`: a failure is always the caller's to see, there is nobody else to ask. */
export function askOne<Name extends CallbackName>(
  plugin: Respondent,
  callback: Name,
  input: CallbackInput<Name>,
): Promise<CallbackOutput<Name>> {
  return plugin.ask(callback, input);
}

/** `answers: 'every'`: all in order. */
export async function askEvery<Name extends CallbackName>(
  plugins: readonly Respondent[],
  callback: Name,
  input: CallbackInput<Name>,
  log: Log,
): Promise<void> {
  for (const plugin of plugins) {
    await underPolicy(plugin, callback, log, async () => void (await plugin.ask(callback, input)));
  }
}

/** `answers: 'chain'`: each is asked with what those before it made of the value; `apply` may refuse an answer by throwing. */
export async function askChain<Name extends CallbackName, Value>(
  plugins: readonly Respondent[],
  callback: Name,
  chain: {
    first: Value;
    input: (value: Value, plugin: string) => CallbackInput<Name>;
    apply: (value: Value, answer: CallbackOutput<Name>, plugin: string) => Value;
  },
  log: Log,
): Promise<Value> {
  let value = chain.first;
  for (const plugin of plugins) {
    await underPolicy(plugin, callback, log, async () => {
      value = chain.apply(value, await plugin.ask(callback, chain.input(value, plugin.name)), plugin.name);
    });
  }
  return value;
}

async function underPolicy(plugin: Respondent, callback: CallbackName, log: Log, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (stopsOnFailure(plugin.onFailure, callback)) throw error;
    log.write(isToldAgain(error, plugin, log) ? 'debug' : 'warning', describeFailure(error));
  }
}

const told = new WeakMap<Log, Set<string>>();

/** What stays as it is for the rest of the command is said once, not at each event of a container that runs for days. */
function isToldAgain(error: unknown, { name }: Respondent, log: Log): boolean {
  if (!(error instanceof BulkheadError) || error.data['lasts'] !== true) return false;
  const before = told.get(log) ?? new Set();
  const isAgain = before.has(`${name} ${error.code}`);
  told.set(log, before.add(`${name} ${error.code}`));
  return isAgain;
}

function stopsOnFailure(policy: FailurePolicy, callback: CallbackName): boolean {
  return policy === 'default' ? callbacks[callback].onFailure === 'stop' : policy === 'required';
}

function describeFailure(error: unknown): string {
  const hint = error instanceof BulkheadError && error.hint !== undefined ? ` (try: ${error.hint})` : '';
  return `${messageOf(error)}; going on without it${hint}`;
}
