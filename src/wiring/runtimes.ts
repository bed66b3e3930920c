/**
 * Runtimes, as `run --runtime NAME` means them; the first that has the name:
 *
 *      the host's own      embedded, crun, runc, an absolute path, what `[runtimes]` of bulkhead.toml names      the engine looks them up
 *      a plugin's          `runtimes` of its manifest                                       asked what is to be run, when all else is known
 */
import { isAbsolute } from 'node:path';
import { findNearest } from '#base/nearest.js';
import type { Outline } from '#catalog/catalog.js';
import type { RuntimePlan, RuntimeQuestion } from '#engine/engine.js';
import { askOne, requireRuntimeProgram, type Audit, type Host, type RunnablePlugin } from '#host/host.js';
import type { Invocation } from './around-command.js';
import { recordAwaited } from './audit.js';
import { reservedRuntimes } from './contributions.js';
import { wiringErrors } from './errors.js';
import type { Scene } from './scene.js';
import type { Settings } from './settings.js';

/** As it was typed; a plugin that is asked before the command may want another one. */
export function typedRuntime({ commandFlags: { runtime } }: Pick<Invocation<unknown>, 'commandFlags'>): string | undefined {
  return typeof runtime === 'string' ? runtime : undefined;
}

/** Whether the plugin has a runtime of this name; without a name, whether it has any. */
export function providesRuntime({ claims }: Pick<Outline, 'claims'>, name?: string): boolean {
  return claims.some((claim) => (name === undefined ? claim.startsWith('runtime ') : claim === `runtime ${name}`));
}

/** Whether the engine is to look it up, whatever plugins there are. */
export function isHosts(name: string, { runtimes = {} }: Pick<Settings, 'runtimes'>): boolean {
  return isAbsolute(name) || reservedRuntimes.includes(name) || Object.hasOwn(runtimes, name);
}

/** Throws where there is no such runtime, before anything else is done. Starts nothing. */
export async function requireRuntime({ settings: readSettings, outlines }: Scene, name: string | undefined): Promise<void> {
  if (name === undefined) return;
  const settings = await readSettings();
  if (isHosts(name, settings)) {
    const { chooseRuntime } = await import('#engine/engine.js');
    await chooseRuntime({ runtime: name }, { runtimes: settings.runtimes ?? {} });
    return;
  }
  const { installations, problems } = await outlines();
  const having = installations.filter((outline) => providesRuntime(outline, name));
  if (having.some(({ enabled }) => enabled)) return;
  if (having[0] !== undefined) throw wiringErrors.runtimeDisabled(name, having[0].name);
  const known = [...reservedRuntimes, ...Object.keys(settings.runtimes ?? {}), ...listProvided(installations)];
  throw wiringErrors.runtimeUnknown(name, { known, nearest: findNearest(name, known), isUnsure: problems.length > 0 });
}

function listProvided(installations: readonly Outline[]): string[] {
  const claims = installations.filter(({ enabled }) => enabled).flatMap((outline) => outline.claims);
  return claims.flatMap((claim) => (claim.startsWith('runtime ') ? [claim.slice('runtime '.length)] : []));
}

/** Asks the plugin what is to be run, and lets pass what it was granted. */
export function planWith(runnable: RunnablePlugin, { host, audit }: { host: Host; audit: Audit }) {
  return async (question: RuntimeQuestion): Promise<RuntimePlan> => {
    const answer = await askOne(host.respondent(runnable), 'runtime', question);
    if ('refuse' in answer) throw wiringErrors.runtimeDeclined(runnable.name, question.runtime, answer.refuse);
    return permitPlan(answer, { runnable, audit });
  };
}

type Plan = Exclude<Awaited<ReturnType<typeof askOne<'runtime'>>>, { refuse: string }>;

async function permitPlan(
  { program, args = [], like, wrapper, changes }: Plan,
  { runnable: { name, grants }, audit }: { runnable: RunnablePlugin; audit: Audit },
): Promise<RuntimePlan> {
  const permit = (wanted: string, words: readonly string[]): Promise<string> =>
    recordAwaited(audit, { plugin: name, callback: 'runtime', power: 'runtime', argument: { program: wanted, args: words } }, () =>
      requireRuntimeProgram(name, wanted, grants),
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
