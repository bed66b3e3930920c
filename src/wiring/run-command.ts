import type { CallbackInput } from '@bulkhead/plugin-sdk/contract';
import { findInstallation, openCatalogFor } from '#catalog/catalog.js';
import { askOne, openHost } from '#host/host.js';
import { auditOf } from './audit.js';
import { wiringErrors } from './errors.js';
import { openQuarantine } from './quarantine.js';
import { toRunnable } from './runnable.js';
import { sealedDirectories, stateRoot, type Scene } from './scene.js';

/** Runs a command that a plugin contributes; resolves with its exit code. */
export async function runCommand(scene: Scene, plugin: string, input: CallbackInput<'command'>): Promise<number> {
  const installation = findInstallation(await openCatalogFor(scene.place, await scene.outlines(), ({ name }) => name === plugin), plugin);
  if (installation === undefined) throw wiringErrors.notFound(plugin);
  const { 'version-lock': lock, budgets, policy } = await scene.settings();
  const quarantine = await openQuarantine({ file: scene.paths.quarantineFile, log: scene.log });
  const sealed = sealedDirectories(scene);
  const host = openHost({ ...scene, audit: auditOf(scene, policy), sealed, stateDirectory: stateRoot(scene.paths) });
  try {
    const rules = { uid: scene.uid, lock, policy, budgets, quarantine, state: stateRoot(scene.paths), trust: scene.trust };
    return (await askOne(host.respondent(toRunnable(installation, rules)), 'command', input)) ?? 0;
  } finally {
    await host.close();
    await quarantine.save();
  }
}
