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
import {
  callbacks,
  type Adapter,
  type CallbackInput,
  type CallbackName,
  type CallbackOutput,
  type Permissions,
} from '@bulkhead/plugin-sdk/contract';
import type { BulkheadError } from '#base/errors.js';
import type { Log } from '#base/log.js';
import { hashName } from '#base/hash-name.js';
import { deadlineOf, defaultBudgets, type Budgets } from './budgets.js';
import { startCompartment, type Compartment } from './compartment.js';
import type { FailurePolicy, Respondent } from './dispatch.js';
import { hostErrors } from './errors.js';
import type { Audit } from './powers/audit.js';
import { pickEnvironment } from './powers/env.js';
import type { RunningContainer } from './powers/power-context.js';
import { openTotalTime, type TotalTime } from './total-time.js';
import type { Isolation } from './vessel.js';

/** A plugin as the catalog knows it; `load` reads and checks its package, or throws why it may not run. Grants and isolation count after it. */
export interface RunnablePlugin {
  readonly name: string;
  readonly grants: Permissions;
  readonly onFailure: FailurePolicy;
  readonly isolation: Isolation;
  /** For one that was built against an older major of the contract. */
  readonly adapter?: Adapter | undefined;
  /** The defaults where absent. */
  readonly budgets?: Budgets;
  readonly load: () => Promise<LoadedPlugin>;
  /** Keeps in mind how it behaves, beyond this command. */
  readonly conduct?: Conduct;
}

export interface Conduct {
  /** Its compartment ended, and not because the host closed it. */
  readonly failed: (why: BulkheadError) => void;
  /** It has answered a call. */
  readonly succeeded: () => void;
}

export interface LoadedPlugin {
  readonly script: string;
  /** What the operator set of it, and defaults; has passed its schema. */
  readonly configuration?: object;
  /** Finds the place in the author's source that a stack of the script names, as `src/plugin.ts:12:5`. */
  readonly locate?: (stack: string | undefined) => string | undefined;
}

export interface HostOptions {
  readonly log: Log;
  /** Where the output of contributed commands goes. */
  readonly print: (text: string) => void;
  /** The directory of this uid's plugin state; each plugin has a directory of its own below it. */
  readonly stateDirectory: string;
  /** Directories of Bulkhead itself: plugins, configuration, state, sessions. No grant of files reaches into them. */
  readonly sealed?: readonly string[] | undefined;
  /** The caller's environment, of which plugins see what was granted by name. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The container of this run, while it runs; none in other commands. */
  readonly container?: (() => RunningContainer | undefined) | undefined;
  /** Where the system log takes its lines: `/dev/log` where absent; for tests. */
  readonly syslogSocket?: string | undefined;
  /** Where the uses of powers are recorded; nowhere where absent. */
  readonly audit?: Audit | undefined;
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
  const times = new Map<string, TotalTime>();

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

  function timeOf({ name, budgets = defaultBudgets }: RunnablePlugin): TotalTime {
    const time = times.get(name) ?? openTotalTime(budgets['total-ms'], budgets['total-percent']);
    times.set(name, time);
    return time;
  }

  return {
    respondent: (plugin) => ({
      name: plugin.name,
      onFailure: plugin.onFailure,
      async ask<Name extends CallbackName>(callback: Name, input: CallbackInput<Name>): Promise<CallbackOutput<Name>> {
        const { budgets = defaultBudgets } = plugin;
        const time = timeOf(plugin);
        if (time.leftMs() <= 0) throw hostErrors.timeSpent(plugin.name, callback, budgets['total-ms']);
        const deadlineMs = options.deadlineMs ?? deadlineOf(budgets, callbacks[callback].deadlineMs);
        const answer = await time.spend(async () => (await compartmentOf(plugin)).call(callback, input, deadlineMs));
        plugin.conduct?.succeeded();
        return answer as CallbackOutput<Name>;
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

async function load(plugin: RunnablePlugin, options: HostOptions): Promise<Compartment> {
  const { name, budgets = defaultBudgets, conduct } = plugin;
  const { log, print, stateDirectory, sealed = [], env, audit, container, syslogSocket } = options;
  const { script, locate, configuration } = await plugin.load();
  // Not before: what it is given and where it runs may depend on who signed what was loaded.
  const { grants, isolation } = plugin;
  const granted = pickEnvironment(grants, env);
  const names = grants.env ?? [];
  // Given when the compartment starts, so that no call could be named.
  if (names.length > 0) audit?.record({ plugin: name, callback: null, power: 'env', argument: { names }, decision: 'allowed' });
  return startCompartment({
    script,
    configuration,
    isolation,
    locate,
    env: granted,
    powers: {
      plugin: name,
      grants,
      env: granted,
      budgets,
      log,
      print,
      sealed,
      stateDirectory: join(stateDirectory, hashName(name)),
      audit,
      container,
      syslogSocket,
    },
    adapter: plugin.adapter,
    onLost: conduct?.failed,
  });
}

export { askChain, askEvery, askOne, type FailurePolicy, type Respondent } from './dispatch.js';
export { budgetsOf, budgetSettings, budgetTable, deadlineOf, defaultBudgets, type Budgets, type BudgetSettings } from './budgets.js';
export { describeScript } from './describe.js';
export { requireDriverProgram, requireMountable, requireRuntimeProgram } from './powers/driver-grants.js';
export { openAudit, type Audit } from './powers/audit.js';
export { storeFile } from './powers/store.js';
export { openAuditFile } from './powers/audit-file.js';
export type { RunningContainer } from './powers/power-context.js';
export type { Isolation } from './vessel.js';
export { runEscaped } from './escaped.js';
