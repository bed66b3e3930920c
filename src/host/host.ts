/**
 * The host runs plugin code, and is the only room that does.
 *
 *   askEvery, askChain, askOne ─▶ respondent ─▶ compartment ─▶ thread or process ─▶ guest ─▶ the plugin
 *                                      │             └─ powers/ (a file each) ◀─ what the plugin asks
 *                                      └─ loads and checks the package before any of its code runs
 *
 * A compartment is started at the first call, or early by `warm`, lives until `close`, and is replaced after it ended.
 */
import { join } from 'node:path';
import { callbacks, type CallbackInput, type CallbackName, type CallbackOutput, type Permissions } from '@bulkhead/plugin-sdk/contract';
import type { Log } from '#base/log.js';
import { hashName } from '#base/hash-name.js';
import { startCompartment, type Compartment } from './compartment.js';
import type { FailurePolicy, Respondent } from './dispatch.js';
import { pickEnvironment } from './powers/env.js';
import type { Isolation } from './vessel.js';

/** A plugin as the catalog knows it; `load` reads and checks its package, or throws why it may not run. */
export interface RunnablePlugin {
  readonly name: string;
  readonly grants: Permissions;
  readonly onFailure: FailurePolicy;
  readonly isolation: Isolation;
  readonly load: () => Promise<LoadedPlugin>;
}

export interface LoadedPlugin {
  readonly script: string;
  /** Finds the place in the author's source that a stack of the script names, as `src/plugin.ts:12:5`. */
  readonly locate?: (stack: string | undefined) => string | undefined;
}

export interface HostOptions {
  readonly log: Log;
  /** Where the output of contributed commands goes. */
  readonly print: (text: string) => void;
  /** The directory of this uid's plugin state; each plugin has a directory of its own below it. */
  readonly stateDirectory: string;
  /** The caller's environment, of which plugins see what was granted by name. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of each call, instead of the contract's; for tests. */
  readonly deadlineMs?: number | undefined;
}

export interface Host {
  /** The plugin as somebody to ask; the same compartment each time. */
  respondent(plugin: RunnablePlugin): Respondent;
  /** Starts compartments that will be needed, all at once; what goes wrong is told by the first call. */
  warm(plugins: readonly RunnablePlugin[]): void;
  /** Resolves when the plugin's compartment is there and answers. Rejects with what ended it: none is put in its place. */
  requireReady(plugin: RunnablePlugin): Promise<void>;
  /** Ends all compartments. */
  close(): Promise<void>;
}

/** Opens a host. Nothing is started before the first call or `warm`. */
export function openHost(options: HostOptions): Host {
  const running = new Map<string, Promise<Compartment>>();

  async function compartmentOf(plugin: RunnablePlugin): Promise<Compartment> {
    const known = running.get(plugin.name);
    if (known !== undefined) {
      if (!(await known).isOver) return known;
      // Somebody else may have replaced it meanwhile.
      if (running.get(plugin.name) !== known) return compartmentOf(plugin);
    }
    const starting = load(plugin, options);
    running.set(plugin.name, starting);
    return starting;
  }

  return {
    respondent: (plugin) => ({
      name: plugin.name,
      onFailure: plugin.onFailure,
      async ask<Name extends CallbackName>(callback: Name, input: CallbackInput<Name>): Promise<CallbackOutput<Name>> {
        const compartment = await compartmentOf(plugin);
        return (await compartment.call(callback, input, options.deadlineMs ?? callbacks[callback].deadlineMs)) as CallbackOutput<Name>;
      },
    }),
    warm(plugins) {
      for (const plugin of plugins) {
        compartmentOf(plugin)
          .then((compartment) => compartment.open())
          .catch(() => undefined);
      }
    },
    async requireReady(plugin) {
      const compartment = await (running.get(plugin.name) ?? compartmentOf(plugin));
      await compartment.requireReady();
    },
    async close() {
      const all = [...running.values()];
      running.clear();
      await Promise.all(all.map((starting) => starting.then((compartment) => compartment.close()).catch(() => undefined)));
    },
  };
}

async function load(plugin: RunnablePlugin, { log, print, stateDirectory, env }: HostOptions): Promise<Compartment> {
  const { script, locate } = await plugin.load();
  const granted = pickEnvironment(plugin.grants, env);
  return startCompartment({
    script,
    isolation: plugin.isolation,
    locate,
    env: granted,
    powers: {
      plugin: plugin.name,
      grants: plugin.grants,
      env: granted,
      log,
      print,
      stateDirectory: join(stateDirectory, hashName(plugin.name)),
    },
  });
}

export { askChain, askEvery, askOne, type FailurePolicy, type Respondent } from './dispatch.js';
export { describeScript } from './describe.js';
export type { Isolation } from './vessel.js';
