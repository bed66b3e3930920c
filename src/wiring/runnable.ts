import { CONTRACT, findAdapter } from '@bulkhead/plugin-sdk/contract';
import type { Log } from '#base/log.js';
import {
  readInstalled,
  requireCompatibility,
  requireConfigured,
  type Catalog,
  type Installation,
  type VersionLock,
} from '#catalog/catalog.js';
import { budgetsOf, type BudgetSettings, type RunnablePlugin } from '#host/host.js';
import { locateInSource } from '#package/package.js';
import { wiringErrors } from './errors.js';
import { isolationOf } from './isolation.js';
import { applyPolicy, type Policy } from './policy.js';
import type { Quarantine } from './quarantine.js';
import { settleState } from './staged-state.js';
import { requireStanding, standingOf, type Standing } from './trust/standing.js';
import type { StoredKey } from './trust/store.js';

export interface Rules {
  readonly uid: number;
  readonly lock: VersionLock;
  readonly policy: Policy;
  readonly budgets: BudgetSettings;
  readonly quarantine: Quarantine;
  /** The state of all plugins of this uid. */
  readonly state: string;
  /** The keys that may sign plugins; asked where a package is signed. */
  readonly trust: () => Promise<readonly StoredKey[]>;
}

/**
 * An installation as the host runs it, with the grants that the policy leaves it. Policy, version lock, digest and signature are
 * checked each time, before any code of the plugin runs: `load` reads the package once, and what it answers with is of those bytes.
 * Until then nobody knows who signed it, so that it has no grants and the stronger wall.
 */
export function toRunnable(installation: Installation, rules: Rules): RunnablePlugin {
  const { uid, lock, policy, budgets, quarantine, state, trust } = rules;
  const { name, grants, onFailure, isolation, manifest, directory, packageFile } = installation;
  let standing: Standing | undefined;
  const own = budgetsOf(budgets, name);
  const terms = { failures: own['quarantine-failures'], minutes: own['quarantine-minutes'] };
  return {
    name,
    get grants() {
      return standing === undefined ? {} : applyPolicy(policy, standing.subject, grants);
    },
    onFailure,
    get isolation() {
      return isolationOf(policy, { isolation, manifest, isSigned: standing?.report.state === 'signed' });
    },
    budgets: own,
    adapter: findAdapter(manifest.contract.version),
    conduct: {
      failed: (why) => quarantine.fail(installation, why.message, terms),
      succeeded: () => quarantine.succeed(installation),
    },
    async load() {
      quarantine.require(installation);
      requireCompatibility(manifest, { offered: CONTRACT, lock });
      await settleState(state, installation);
      const configuration = requireConfigured(installation);
      const plugin = await readInstalled(installation, { uid });
      const found = await standingOf(plugin, { scope: directory.scope, readKeys: trust });
      requireStanding(policy, found, packageFile);
      standing = found;
      const { script, sourceMap } = plugin;
      return { script, configuration, locate: (stack) => locateInSource(stack, sourceMap) };
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
