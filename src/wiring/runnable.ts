import { CONTRACT, findAdapter } from '@bulkhead/plugin-sdk/contract';
import type { Log } from '#base/log.js';
import { readInstalled, requireCompatibility, type Catalog, type Installation, type VersionLock } from '#catalog/catalog.js';
import { budgetsOf, type BudgetSettings, type RunnablePlugin } from '#host/host.js';
import { locateInSource } from '#package/package.js';
import { wiringErrors } from './errors.js';
import { isolationOf } from './isolation.js';
import { applyPolicy, findPluginDenial, type Policy } from './policy.js';
import type { Quarantine } from './quarantine.js';
import { settleState } from './staged-state.js';

export interface Rules {
  readonly uid: number;
  readonly lock: VersionLock;
  readonly policy: Policy;
  readonly budgets: BudgetSettings;
  readonly quarantine: Quarantine;
  /** The state of all plugins of this uid. */
  readonly state: string;
}

/**
 * An installation as the host runs it, with the grants that the policy leaves it. Policy, version lock and digest are checked each
 * time, before any code of the plugin runs.
 */
export function toRunnable(installation: Installation, { uid, lock, policy, budgets, quarantine, state }: Rules): RunnablePlugin {
  const { name, grants, onFailure, manifest } = installation;
  const own = budgetsOf(budgets, name);
  const terms = { failures: own['quarantine-failures'], minutes: own['quarantine-minutes'] };
  return {
    name,
    grants: applyPolicy(policy, name, grants),
    onFailure,
    isolation: isolationOf(policy, installation),
    budgets: own,
    adapter: findAdapter(manifest.contract.version),
    conduct: {
      failed: (why) => quarantine.fail(installation, why.message, terms),
      succeeded: () => quarantine.succeed(installation),
    },
    async load() {
      const denial = findPluginDenial(policy, name);
      if (denial !== undefined) throw wiringErrors.pluginDenied(name, denial);
      quarantine.require(installation);
      requireCompatibility(manifest, { offered: CONTRACT, lock });
      await settleState(state, installation);
      const { script, sourceMap } = await readInstalled(installation, { uid });
      return { script, locate: (stack) => locateInSource(stack, sourceMap) };
    },
  };
}

/** A run never goes on without a plugin that it needs, nor without one of which nobody can tell any more. */
export function requireSound({ problems }: Catalog, log: Log): void {
  for (const { skippable, name, reason, hint } of problems) {
    if (!skippable) throw wiringErrors.catalogUnsound(name === undefined ? reason : named(name, reason), hint);
    log.write('warning', hint === undefined ? reason : `${reason}; to mend it: ${hint}`);
  }
}

/** A receipt that cannot be read is named after a digest; what remains of it may still say whose it is. */
function named(plugin: string, reason: string): string {
  return reason.includes(`"${plugin}"`) ? reason : `plugin "${plugin}": ${reason}`;
}
