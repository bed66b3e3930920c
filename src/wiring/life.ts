/**
 * Where plugins take part in their own life: `install`, `upgrade` and `uninstall`, asked in a compartment, with what was granted, by
 * the command of that name and by nothing else. What they keep in their store counts when the change counts (staged-state.ts).
 */
import {
  CONTRACT,
  type CallbackInput,
  type ConfigurationValues,
  type InstallScope,
  type LifeCallbackName,
  type Permissions,
} from '@bulkhead/plugin-sdk/contract';
import { BulkheadError } from '#base/errors.js';
import {
  findInstallation,
  installPackage,
  openCatalog,
  readInstalled,
  requireCompatibility,
  valuesOf,
  withDefaults,
  type Installation,
  type InstallOptions,
  type IsolationChoice,
  type PluginDirectory,
  type Receipt,
} from '#catalog/catalog.js';
import { askOne, budgetsOf, openHost } from '#host/host.js';
import { locateInSource, type PluginPackage } from '#package/package.js';
import { auditOf } from './audit.js';
import { isolationOf } from './isolation.js';
import { lifeErrors } from './life-errors.js';
import { applyPolicy } from './policy.js';
import { openQuarantine } from './quarantine.js';
import { sealedDirectories, stateRoot, type Scene } from './scene.js';
import { settleState, stageState, type StagedState } from './staged-state.js';
import { requireStanding, standingOf } from './trust/standing.js';

/** Installs a package whose `install` or `upgrade` callback is asked before it counts. */
export async function installAsking(
  scene: Scene,
  plugin: PluginPackage,
  options: InstallOptions,
  replaces: Installation | undefined,
): Promise<Installation> {
  const scope = scopeOf(options.directory);
  const stage = await stageState(stateRoot(scene.paths), plugin.manifest.name);
  let laidDown: Receipt | undefined;
  try {
    const installed = await installPackage(plugin, {
      ...options,
      beforeItCounts: async (receipt) => {
        const configuration = withDefaults(plugin.manifest.configuration, options.values ?? {});
        const subject = {
          plugin,
          grants: options.grants,
          isolation: options.isolation,
          directory: options.directory,
          stage,
          configuration,
        };
        if (replaces === undefined) await ask(scene, subject, 'install', { scope });
        else await ask(scene, subject, 'upgrade', { scope, from: replaces.manifest.version, to: plugin.manifest.version });
        await stage.layDown(receipt);
        // Whatever refuses it after this, such as a change by somebody else, takes the store back.
        laidDown = receipt;
      },
    });
    await settleState(stateRoot(scene.paths), installed);
    return installed;
  } catch (error) {
    if (laidDown !== undefined) await stage.takeBack(laidDown);
    throw error;
  } finally {
    await stage.close();
  }
}

/**
 * Asks an installed plugin before it is removed. One that may not run, because it is disabled or the host refuses it, is not asked,
 * and goes; one that fails stays, unless `force`.
 */
export async function askUninstall(scene: Scene, name: string, directory: PluginDirectory, force: boolean): Promise<void> {
  const installation = findInstallation(await openCatalog({ uid: scene.uid, directories: [directory] }), name);
  if (installation === undefined || !installation.manifest.callbacks.includes('uninstall')) return;
  const skip = (why: string): void => scene.log.write('warning', `The uninstall callback of plugin "${name}" did not run: ${why}`);
  if (!installation.enabled) return skip('the plugin is disabled');
  let plugin: PluginPackage;
  try {
    plugin = await loadAllowed(scene, installation);
  } catch (error) {
    if (error instanceof BulkheadError && error.kind !== 'bug') return skip(error.message);
    throw error;
  }
  const stage = await stageState(stateRoot(scene.paths), name);
  try {
    const { grants, isolation } = installation;
    const configuration = withDefaults(installation.manifest.configuration, valuesOf(installation));
    await ask(scene, { plugin, grants, isolation, directory, stage, configuration }, 'uninstall', { scope: scopeOf(directory) });
  } catch (error) {
    if (!force || !(error instanceof BulkheadError)) throw error;
    scene.log.write('warning', `${error.message}; going on, as --force says`);
  } finally {
    await stage.close();
  }
}

/** As before each run: quarantine, version lock, digest, policy, signature. */
async function loadAllowed({ paths, log, settings, trust, uid }: Scene, installation: Installation): Promise<PluginPackage> {
  const { 'version-lock': lock, policy } = await settings();
  (await openQuarantine({ file: paths.quarantineFile, log })).require(installation);
  requireCompatibility(installation.manifest, { offered: CONTRACT, lock });
  const plugin = await readInstalled(installation, { uid });
  requireStanding(policy, await standingOf(plugin, { scope: installation.directory.scope, readKeys: trust }), plugin.path);
  return plugin;
}

interface Subject {
  readonly plugin: PluginPackage;
  readonly grants: Permissions;
  readonly isolation: IsolationChoice;
  readonly directory: PluginDirectory;
  readonly stage: StagedState;
  readonly configuration: ConfigurationValues;
}

async function ask<Name extends LifeCallbackName>(
  scene: Scene,
  { plugin, grants, isolation, directory, stage, configuration }: Subject,
  callback: Name,
  input: CallbackInput<Name>,
): Promise<void> {
  const { manifest, script, sourceMap } = plugin;
  const { name } = manifest;
  if (!manifest.callbacks.includes(callback)) return;
  const { budgets, policy } = await scene.settings();
  const { report, subject } = await standingOf(plugin, { scope: directory.scope, readKeys: scene.trust });
  const sealed = sealedDirectories(scene);
  const host = openHost({ ...scene, audit: auditOf(scene, policy), sealed, stateDirectory: stage.directory });
  const respondent = host.respondent({
    name,
    grants: applyPolicy(policy, subject, grants),
    onFailure: 'required',
    isolation: isolationOf(policy, { isolation, manifest, isSigned: report.state === 'signed' }),
    budgets: budgetsOf(budgets, name),
    load: () => Promise.resolve({ script, configuration, locate: (stack) => locateInSource(stack, sourceMap) }),
  });
  try {
    await askOne(respondent, callback, input);
  } catch (error) {
    throw error instanceof BulkheadError && error.kind !== 'bug' ? lifeErrors.callbackFailed(name, callback, error) : error;
  } finally {
    await host.close();
  }
}

/** A directory given by hand is the caller's affair, as their own is. */
function scopeOf({ scope }: PluginDirectory): InstallScope {
  return scope === 'system' ? 'system' : 'user';
}
