/** The one plugin that controls a container, and those that only observe it. */
import type { MonitorDecision, Permissions } from '@bulkhead/plugin-sdk/contract';
import { messageOf } from '#base/errors.js';
import type { Log } from '#base/log.js';
import type { Installation } from '#catalog/catalog.js';
import type { Controller } from '#engine/engine.js';
import type { Respondent } from '#host/host.js';
import { wiringErrors } from './errors.js';

export function isController({ manifest }: Pick<Installation, 'manifest'>): boolean {
  return manifest.monitor?.mode === 'control' && manifest.callbacks.includes('monitorContainer');
}

export function mapsUsers({ manifest }: Pick<Installation, 'manifest'>): boolean {
  return manifest.callbacks.includes('userMapping');
}

/** Installing and enabling refuse a second one; but a catalog has several directories, and not everybody sees all of them. */
export function requireOne(role: string, plugins: readonly { readonly name: string }[]): void {
  const [first, second] = plugins;
  if (first !== undefined && second !== undefined) throw wiringErrors.roleConflict(role, first.name, second.name);
}

export interface ControllerContext {
  /** Asked at each decision: before it is loaded nobody knows who signed it. */
  readonly grants: () => Permissions;
  readonly log: Log;
  /** Ends the run with this reason. */
  readonly stop: (why: unknown) => void;
}

/** What happens when it fails is the failure policy: the run stops, or goes on as without a controller. */
export function controlWith(plugin: Respondent, { grants, log, stop }: ControllerContext): Controller {
  return {
    async decide(container, event) {
      const decision = await plugin.ask('monitorContainer', { container, event });
      if (decision !== undefined) requireGranted(plugin.name, decision, grants());
      return decision;
    },
    lost(why) {
      const error = wiringErrors.controllerLost(plugin.name, why);
      if (plugin.onFailure === 'required') stop(error);
      else log.write('warning', `${messageOf(error)}; signals and the exit status are handled without it from here on`);
    },
  };
}

/** An observer whose answer would be taken for nothing should learn that it is no controller. */
export function observing(plugin: Respondent): Respondent {
  return {
    ...plugin,
    async ask(callback, input) {
      const answer = await plugin.ask(callback, input);
      if (answer !== undefined) throw wiringErrors.notController(plugin.name);
      return answer;
    },
  };
}

function requireGranted(plugin: string, decision: MonitorDecision, grants: Permissions): void {
  const scope = decision.action === 'exit' || decision.action === 'raise' ? 'exit' : 'signals';
  // To forward is what happens anyway.
  if (decision.action !== 'forward' && !(grants['container.control'] ?? []).includes(scope))
    throw wiringErrors.decisionNotGranted(plugin, decision.action, `container.control:${scope}`);
  if (decision.action === 'replace' && !(grants['container.signal'] ?? []).includes(decision.signal))
    throw wiringErrors.decisionNotGranted(plugin, `replace by ${decision.signal}`, `container.signal:${decision.signal}`);
}
