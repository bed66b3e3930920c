/**
 * Where plugins touch a run, the complete list:
 *
 *   before, after   chain, every       beforeCommand, afterCommand      around-command.ts
 *   openImage   one, by scheme          registerImageDriver, readImage, imageDriverEvent      all in image-drivers.ts
 *   mountImage  one, by feature         mountImage
 *   configure   chain, in their order    engineConfig          then whether all that are needed are there, then the engine's own rules
 *   planRuntime one, by name            runtime               where `--runtime` has a name of its manifest, or of a bundle; runtimes.ts
 *   attach      one each, by name        network               where `--network` names one of a plugin, or a bundle; network-plugins.ts
 *   mapUsers    one at most             userMapping           for --fakeroot of an ordinary user
 *   started     every                   postStartProcess
 *   controller  one at most             monitorContainer      of the plugin whose manifest says that it controls
 *   observe     every                   monitorContainer      of the others
 */
import { findReplacing, openCatalogFor, readOrders, sortPlugins, type Installation, type Outline } from '#catalog/catalog.js';
import type { CallbackName, FlagValues } from '@bulkhead/plugin-sdk/contract';
import {
  configureContainer,
  describingBuiltinImages,
  runContainer,
  type ContainerConfig,
  type ContainerReach,
  type Moments,
  type RunOptions,
  type RunRequest,
  type RunResult,
} from '#engine/engine.js';
import type { AskNetwork } from '#networks/networks.js';
import { askChain, askEvery, askOne, openHost, type Audit, type Host, type RunningContainer } from '#host/host.js';
import { aroundCommand, takesPartAround, type Invocation } from './around-command.js';
import { auditOf, recordChanges } from './audit.js';
import type { BundleRuntime } from './bundle-runtimes.js';
import { applyChanges, startOwnership, type OwnedConfig } from './config-changes.js';
import { machineOptions } from './machine-options.js';
import type { NewContainer } from './new-container.js';
import { controlWith, isController, mapsUsers, observing, requireOne } from './control.js';
import { withRecord } from './foreground.js';
import { joinNetworks, providesNetwork } from './join-networks.js';
import { openImageDrivers, type ImageDrivers } from './image-drivers.js';
import { planWith } from './plan-runtime.js';
import { openDataOfPlugins, type DataOfPlugins } from './plugin-data.js';
import { openQuarantine } from './quarantine.js';
import { applyRequirement, driverCallbacks, explainRequired, isNeeded, requireListed, runCallbacks } from './required.js';
import { requireSound, toRunnable } from './runnable.js';
import { isHosts, providesRuntime, typedRuntime } from './runtimes.js';
import { sealedDirectories, stateRoot, type Scene } from './scene.js';
import { requireTypist } from './typist.js';

export function run(scene: Scene, invocation: Invocation<RunRequest>, told: NewContainer): Promise<RunResult> {
  return withPlugins(scene, invocation, {
    use: async (request, moments, options) => {
      requireTypist(request);
      const networks = await joinNetworks(scene, request, { name: told.name, ask: moments.askNetwork });
      return withRecord(scene, { args: invocation.args, told }, (write, own) => {
        const reach = (container: ContainerReach): void => {
          moments.reach?.(container);
          write(container);
        };
        return runContainer(request, { ...moments, ...networks, reach }, { ...options, ...own });
      });
    },
    configured: ({ history }) => {
      for (const line of describeReplaced(history)) scene.log.write('debug', line);
    },
  });
}

/** What each plugin would change, and the configuration with which the container would run. Nothing is started but the plugins. */
export interface DryRun {
  readonly plugins: OwnedConfig['history'];
  readonly config: ContainerConfig;
}

export async function dryRun(scene: Scene, invocation: Invocation<RunRequest>): Promise<DryRun> {
  let plugins: OwnedConfig['history'] = [];
  const { config } = await withPlugins(scene, invocation, {
    isDry: true,
    use: async (request, moments, { signal, volumeDirectory }) => {
      return {
        config: await configureContainer(request, describingBuiltinImages(moments, scene.paths.images), { stop: signal, volumeDirectory }),
        exitCode: 0,
        runMs: 0,
      };
    },
    configured: ({ history }) => (plugins = history),
  });
  return { plugins, config };
}

interface Purpose<Request, Result> {
  /** Nobody is told of the end of a run that was none. */
  readonly isDry?: boolean;
  readonly use: (request: Request, moments: RunMoments, context: UseContext) => Promise<Result>;
  /** The plugins have had their say. */
  readonly configured: (owned: OwnedConfig) => void;
}

/** Plugins that stand behind networks are asked by who attaches the container. */
export interface RunMoments extends Moments {
  askNetwork?: AskNetwork | undefined;
}

export interface UseContext extends RunOptions {
  readonly signal: AbortSignal;
  /** The plugins whose failure ends a container that runs. */
  readonly needed: readonly string[];
}

/** Opens the plugins that take part, and does with their moments what is to be done: in this process, or for another one. */
export async function withPlugins<Request extends Pick<RunRequest, 'image' | 'runtime'>, Result extends RunResult>(
  scene: Scene,
  invocation: Invocation<Request>,
  { isDry = false, use, configured }: Purpose<Request, Result>,
): Promise<Result> {
  const settings = await scene.settings();
  const { 'version-lock': lock, 'required-plugins': names, budgets, policy, 'image-driver': chosenDriver } = settings;
  const requirement = { names, file: scene.paths.configFile };
  const outlines = await scene.outlines();
  const providers = await typedProviders(scene, invocation);
  // Who is asked before the command may want another runtime, or other networks, than was typed.
  const mayChange = outlines.installations.some(
    (outline) => outline.callbacks.includes('beforeCommand') && takesPartAround(outline, invocation),
  );
  const isOffered = (outline: Outline): boolean => mayChange && outline.enabled && (providesRuntime(outline) || providesNetwork(outline));
  const catalog = await openCatalogFor(
    scene.place,
    outlines,
    (outline) => names.includes(outline.name) || concernsRun(outline, invocation, providers) || isOffered(outline),
  );
  requireSound(catalog, scene.log);
  requireListed(requirement, catalog);
  const orders = await readOrders(scene.place);
  const enabled = catalog.installations
    .filter((installation) => installation.enabled)
    .map((installation) => applyRequirement(installation, requirement));
  requireOne('control a container', enabled.filter(isController));
  requireOne('map users', enabled.filter(mapsUsers));
  const audit = auditOf(scene, policy);
  const quarantine = await openQuarantine({ file: scene.paths.quarantineFile, log: scene.log });
  let container: RunningContainer | undefined;
  const host = openHost({
    ...scene,
    audit,
    container: () => container,
    sealed: sealedDirectories(scene),
    stateDirectory: stateRoot(scene.paths),
  });
  try {
    const rules = { uid: scene.uid, lock, policy, budgets, quarantine, state: stateRoot(scene.paths), trust: scene.trust };
    const plugins = sortPlugins(enabled, orders).map((installation) => ({
      installation,
      runnable: toRunnable(installation, rules),
    }));
    const around = plugins.filter(({ installation }) => takesPartAround(installation.manifest, invocation));
    // Early and all at once, while the engine opens the image; drivers only for the scheme at hand.
    const scheme = /^([a-z][a-z0-9+-]+):/.exec(invocation.args[0] ?? '')?.[1];
    const early = plugins.filter(
      (plugin) => around.includes(plugin) || takesPart(plugin.installation, { scheme, runtime: typedRuntime(invocation), providers }),
    );
    host.warm(early.map(({ runnable }) => runnable));
    const handed = openDataOfPlugins();
    const attendants = around.map(({ installation: { manifest }, runnable }) => {
      const callbacks = manifest.callbacks.filter((name) => !isDry || name !== 'afterCommand');
      return { respondent: handed.carry(host.respondent(runnable)), manifest: { ...manifest, callbacks }, grants: () => runnable.grants };
    });
    return await aroundCommand(invocation, { attendants, log: scene.log, audit }, async (request, flagsOf) => {
      const stopped = new AbortController();
      const runtime = request.runtime === undefined || isHosts(request.runtime, settings) ? undefined : request.runtime;
      const ofBundle = await openRuntimeOfBundle(scene, audit, { runtime, plugins });
      const moments = connectMoments({ ...scene, audit, flagsOf }, host, {
        participants: plugins,
        replacing: findReplacing(enabled, orders),
        handed,
        configured,
        runtime,
        ofBundle,
        stop: (why) => stopped.abort(why),
      });
      const drivers = openImageDrivers({
        host,
        drivers: plugins.filter(({ installation }) => isDriver(installation)),
        chosen: chosenDriver,
        file: scene.paths.configFile,
        image: request.image,
        audit,
        log: scene.log,
      });
      const reach: Moments['reach'] = (reached) => void (container = reached);
      const { openImage, mountImage } = drivers;
      const askNetwork = askNetworkOf(plugins, { scene, host, audit });
      const isLasting = ({ onFailure, manifest }: Installation) =>
        onFailure === 'required' && manifest.callbacks.includes('monitorContainer');
      const options = {
        ...machineOptions(scene, settings),
        log: (line: string) => scene.log.write('debug', line),
        warn: (line: string) => scene.log.write('warning', line),
        signal: stopped.signal,
        needed: enabled.filter(isLasting).map(({ name }) => name),
      };
      try {
        return await closingDrivers(drivers, () => use(request, { ...moments, askNetwork, reach, openImage, mountImage }, options));
      } finally {
        await ofBundle?.close();
      }
    });
  } catch (error) {
    throw explainRequired(error, requirement);
  } finally {
    await host.close();
    await quarantine.save();
  }
}

function isDriver({ manifest }: Installation): boolean {
  return manifest.imageSchemes.length > 0 || manifest.imageFeatures.length > 0;
}

/** Whatever comes of the run: a driver that was started is told of the end. */
async function closingDrivers<Result>(drivers: ImageDrivers, work: () => Promise<Result>): Promise<Result> {
  let failure: unknown;
  try {
    return await work();
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    await drivers.close(failure);
  }
}

function describeReplaced(history: OwnedConfig['history']): string[] {
  return history.flatMap(({ plugin, changes }) =>
    changes.flatMap(({ field, replaces }) =>
      replaces === undefined ? [] : [`plugin "${plugin}" replaces ${field} of plugin "${replaces}", as "plugin order" says`],
    ),
  );
}

/** Of the others, help and completion know all that there is to know: a run does not even read their receipts. */
export function concernsRun(outline: Outline, invocation: Invocation<unknown>, providers: readonly string[]): boolean {
  const isAsked = [...runCallbacks, ...driverCallbacks, 'userMapping'].some((name) => outline.callbacks.includes(name));
  const runtime = typedRuntime(invocation);
  const runs = runtime !== undefined && providesRuntime(outline, runtime);
  const attaches = providers.some((name) => outline.claims.includes(`network ${name}`));
  return outline.enabled && (isAsked || runs || attaches || outline.onFailure === 'required' || takesPartAround(outline, invocation));
}

/** The room of networks is not even loaded where none is named. */
export async function typedProviders(scene: Scene, invocation: Invocation<unknown>): Promise<readonly string[]> {
  const { network = [] } = invocation.commandFlags;
  if ([network].flat().every((name) => name === 'none' || name === 'host')) return [];
  return (await import('./network-plugins.js')).findTypedProviders(scene, invocation);
}

function askNetworkOf(
  participants: readonly Participant[],
  asking: { readonly scene: Scene; readonly host: Host; readonly audit: Audit },
): AskNetwork {
  const plugins = participants.filter(({ installation }) => installation.manifest.networks.length > 0);
  return async (question) => (await import('./network-plugins.js')).askAmong(plugins, asking)(question);
}

/** An installed plugin comes before a bundle of that name. Starts nothing. */
async function openRuntimeOfBundle(
  scene: Scene,
  audit: Audit,
  { runtime, plugins }: { readonly runtime: string | undefined; readonly plugins: readonly Participant[] },
): Promise<BundleRuntime | undefined> {
  if (runtime === undefined || findRunner(plugins, runtime) !== undefined) return undefined;
  const { findRuntimeBundle, openBundleRuntime } = await import('./bundle-runtimes.js');
  const bundle = await findRuntimeBundle(scene, runtime);
  return bundle && openBundleRuntime(scene, bundle, audit);
}

function findRunner(participants: readonly Participant[], runtime: string | undefined): Participant | undefined {
  return runtime === undefined ? undefined : participants.find(({ installation }) => installation.manifest.runtimes.includes(runtime));
}

interface Company {
  readonly participants: readonly Participant[];
  readonly replacing: ReturnType<typeof findReplacing>;
  readonly handed: DataOfPlugins;
  readonly configured: (owned: OwnedConfig) => void;
  /** Where a plugin is to run the container. */
  readonly runtime: string | undefined;
  /** Where that is a bundle. */
  readonly ofBundle: BundleRuntime | undefined;
  readonly stop: (why: unknown) => void;
}

interface Participant {
  readonly installation: Installation;
  readonly runnable: ReturnType<typeof toRunnable>;
}

function takesPart(
  { manifest }: Installation,
  { scheme, runtime, providers = [] }: { scheme?: string | undefined; runtime?: string | undefined; providers?: readonly string[] },
): boolean {
  return (
    runCallbacks.some((name) => manifest.callbacks.includes(name)) ||
    (scheme !== undefined && manifest.imageSchemes.includes(scheme)) ||
    (runtime !== undefined && manifest.runtimes.includes(runtime)) ||
    providers.some((name) => manifest.networks.includes(name))
  );
}

/**
 * The last thing before the engine starts anything. Those that were asked are asked for a sign of life: one that ended after its
 * answer did not end well. Those whose moment comes later must be there already; of those without one, the package must be right.
 */
async function requireReady(host: Host, participants: readonly Participant[]): Promise<void> {
  for (const { installation, runnable } of participants) {
    if (isNeeded(installation)) await (takesPart(installation, {}) ? host.requireReady(runnable) : runnable.load());
  }
}

function connectMoments(
  { log, audit, flagsOf }: Scene & { audit: Audit; flagsOf: (manifest: Installation['manifest']) => FlagValues },
  host: Host,
  { participants, replacing, handed, configured, runtime, ofBundle, stop }: Company,
): RunMoments {
  const having = (name: CallbackName) => participants.filter(({ installation }) => installation.manifest.callbacks.includes(name));
  const respondents = (name: CallbackName) => having(name).map(({ runnable }) => host.respondent(runnable));
  const flagsFor = (plugin: string): FlagValues => {
    const found = participants.find(({ runnable }) => runnable.name === plugin);
    return found === undefined ? {} : flagsOf(found.installation.manifest);
  };
  const grantsOf = (plugin: string) => participants.find(({ runnable }) => runnable.name === plugin)?.runnable.grants ?? {};
  const starters = respondents('postStartProcess').map(handed.carry);
  const monitors = having('monitorContainer');
  const [mapper] = having('userMapping');
  const runner = findRunner(participants, runtime)?.runnable;
  const controller = monitors.find(({ installation }) => isController(installation));
  const monitorOf = ({ runnable }: Participant) => handed.carry(host.respondent(runnable));
  const observers = monitors.filter((one) => one !== controller).map((one) => observing(monitorOf(one)));

  return {
    async configure(config): Promise<ContainerConfig> {
      const result = await askChain(
        respondents('engineConfig'),
        'engineConfig',
        {
          first: startOwnership(config),
          input: (owned, plugin) => ({ config: owned.config, flags: flagsFor(plugin) }),
          apply: (owned, answer, plugin) => {
            if (answer === undefined) return { ...owned, history: [...owned.history, { plugin, changes: [] }] };
            const { data, ...changes } = answer;
            handed.keep(plugin, data);
            const rules = { grants: grantsOf(plugin), mayReplace: (first: string) => replacing(first, plugin) !== undefined };
            return recordChanges(audit, plugin, changes, () => applyChanges(owned, changes, plugin, rules));
          },
        },
        log,
      );
      await requireReady(host, participants);
      configured(result);
      return result.config;
    },
    ...(starters.length === 0 ? {} : { started: (container) => askEvery(starters, 'postStartProcess', { container }, log) }),
    ...(mapper === undefined ? {} : { mapUsers: (caller) => askOne(host.respondent(mapper.runnable), 'userMapping', caller) }),
    ...(ofBundle === undefined ? {} : { planRuntime: ofBundle.plan }),
    ...(runner === undefined ? {} : { planRuntime: planWith(host.respondent(runner), { grantsFor: () => runner.grants, audit }) }),
    controller: controller && controlWith(monitorOf(controller), { grants: () => controller.runnable.grants, log, stop }),
    ...(observers.length === 0
      ? {}
      : {
          // The engine goes on when an observer fails; one that the operator requires ends the run.
          observe: (container, event) =>
            askEvery(observers, 'monitorContainer', { container, event }, log).catch((error: unknown) => stop(error)),
        }),
  };
}
