/**
 * Where plugins touch a run, the complete list:
 *
 *   before, after   chain, every       beforeCommand, afterCommand      around-command.ts
 *   openImage   one, by scheme          registerImageDriver
 *   configure   chain, by plugin name   engineConfig          then whether all that are needed are there, then the engine's own rules
 *   started     every                   postStartProcess
 *   observe     every                   monitorContainer
 */
import { openCatalog, type Installation } from '#catalog/catalog.js';
import type { CallbackName, FlagValues } from '@bulkhead/plugin-sdk/contract';
import { runContainer, type ContainerConfig, type Moments, type RunRequest, type RunResult } from '#engine/engine.js';
import { askChain, askEvery, askOne, openHost, type Audit, type Host } from '#host/host.js';
import { aroundCommand, takesPartAround, type Invocation } from './around-command.js';
import { auditOf, recordChanges } from './audit.js';
import { applyChanges, startOwnership } from './config-changes.js';
import { wiringErrors } from './errors.js';
import { openDataOfPlugins } from './plugin-data.js';
import { openQuarantine } from './quarantine.js';
import { applyRequirement, explainRequired, isNeeded, requireListed, runCallbacks } from './required.js';
import { requireSound, toRunnable } from './runnable.js';
import { sealedDirectories, stateRoot, type Scene } from './scene.js';

export async function run(scene: Scene, invocation: Invocation<RunRequest>): Promise<RunResult> {
  const catalog = await openCatalog(scene.place);
  requireSound(catalog, scene.log);
  const { 'version-lock': lock, 'required-plugins': names, budgets, policy } = await scene.settings();
  const requirement = { names, file: scene.paths.configFile };
  requireListed(requirement, catalog);
  const enabled = catalog.installations
    .filter((installation) => installation.enabled)
    .map((installation) => applyRequirement(installation, requirement));
  const audit = auditOf(scene, policy);
  const quarantine = await openQuarantine({ file: scene.paths.quarantineFile, log: scene.log });
  const host = openHost({ ...scene, audit, sealed: sealedDirectories(scene), stateDirectory: stateRoot(scene.paths) });
  try {
    const rules = { uid: scene.uid, lock, policy, budgets, quarantine, state: stateRoot(scene.paths), trust: scene.trust };
    const plugins = enabled.map((installation) => ({
      installation,
      runnable: toRunnable(installation, rules),
    }));
    const around = plugins.filter(({ installation }) => takesPartAround(installation.manifest, invocation));
    // Early and all at once, while the engine opens the image; drivers only for the scheme at hand.
    const scheme = /^([a-z][a-z0-9+-]+):/.exec(invocation.args[0] ?? '')?.[1];
    const early = plugins.filter((plugin) => around.includes(plugin) || takesPart(plugin.installation, scheme));
    host.warm(early.map(({ runnable }) => runnable));
    const attendants = around.map(({ installation: { manifest }, runnable }) => {
      return { respondent: host.respondent(runnable), manifest, grants: () => runnable.grants };
    });
    return await aroundCommand(invocation, { attendants, log: scene.log, audit }, (request, flagsOf) => {
      const stopped = new AbortController();
      const moments = connectMoments({ ...scene, audit, flagsOf }, host, plugins, (why) => stopped.abort(why));
      return runContainer(request, moments, {
        runDirectory: scene.paths.run,
        log: (line) => scene.log.write('debug', line),
        warn: (line) => scene.log.write('warning', line),
        cdiDirectories: scene.paths.cdi,
        signal: stopped.signal,
      });
    });
  } catch (error) {
    throw explainRequired(error, requirement);
  } finally {
    await host.close();
    await quarantine.save();
  }
}

interface Participant {
  readonly installation: Installation;
  readonly runnable: ReturnType<typeof toRunnable>;
}

function takesPart({ manifest }: Installation, scheme: string | undefined): boolean {
  return runCallbacks.some((name) => manifest.callbacks.includes(name)) || (scheme !== undefined && manifest.imageSchemes.includes(scheme));
}

/**
 * The last thing before the engine starts anything. Those that were asked are asked for a sign of life: one that ended after its
 * answer did not end well. Those whose moment comes later must be there already; of those without one, the package must be right.
 */
async function requireReady(host: Host, participants: readonly Participant[]): Promise<void> {
  for (const { installation, runnable } of participants) {
    if (isNeeded(installation)) await (takesPart(installation, undefined) ? host.requireReady(runnable) : runnable.load());
  }
}

function connectMoments(
  { log, audit, flagsOf }: Scene & { audit: Audit; flagsOf: (plugin: string) => FlagValues },
  host: Host,
  participants: readonly Participant[],
  stop: (why: unknown) => void,
): Moments {
  const having = (name: CallbackName) => participants.filter(({ installation }) => installation.manifest.callbacks.includes(name));
  const respondents = (name: CallbackName) => having(name).map(({ runnable }) => host.respondent(runnable));
  const grantsOf = (plugin: string) => participants.find(({ runnable }) => runnable.name === plugin)?.runnable.grants ?? {};
  const handed = openDataOfPlugins();
  const starters = respondents('postStartProcess').map(handed.carry);
  const observers = respondents('monitorContainer').map(handed.carry);

  return {
    async openImage(scheme, reference) {
      const drivers = having('registerImageDriver');
      const driver = drivers.find(({ installation }) => installation.manifest.imageSchemes.includes(scheme));
      if (driver === undefined)
        throw wiringErrors.schemeUnknown(
          scheme,
          drivers.flatMap(({ installation }) => installation.manifest.imageSchemes),
        );
      return askOne(host.respondent(driver.runnable), 'registerImageDriver', { scheme, reference });
    },
    async configure(config): Promise<ContainerConfig> {
      const result = await askChain(
        respondents('engineConfig'),
        'engineConfig',
        {
          first: startOwnership(config),
          input: (owned, plugin) => ({ config: owned.config, flags: flagsOf(plugin) }),
          apply: (owned, answer, plugin) => {
            if (answer === undefined) return owned;
            const { data, ...changes } = answer;
            handed.keep(plugin, data);
            return recordChanges(audit, plugin, changes, () => applyChanges(owned, changes, plugin, { grants: grantsOf(plugin) }));
          },
        },
        log,
      );
      await requireReady(host, participants);
      return result.config;
    },
    ...(starters.length === 0 ? {} : { started: (container) => askEvery(starters, 'postStartProcess', { container }, log) }),
    ...(observers.length === 0
      ? {}
      : {
          // The engine goes on when an observer fails; one that the operator requires ends the run.
          observe: (container, event) =>
            askEvery(observers, 'monitorContainer', { container, event }, log).catch((error: unknown) => stop(error)),
        }),
  };
}
