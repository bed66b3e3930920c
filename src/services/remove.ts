/** What becomes of services, and of what plugins keep, when an instance or a plugin is removed. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { BulkheadError } from '#base/errors.js';
import type { Bundle } from '#catalog/catalog.js';
import { definitionFile } from './daemon/registry.js';
import { labelOfService, nameService, serviceName, type ServiceDefinition } from './definition.js';
import { serviceErrors } from './errors.js';
import { openLauncher, type LauncherOptions } from './launchers/choose.js';
import { managedFile } from './launchers/managed.js';
import { endLeftServices } from './left.js';
import { serviceDirectory, type ServicePlaces } from './places.js';
import { removePluginState } from './plugin-state.js';

export interface RemoveRequest {
  /** It may be gone. */
  readonly bundle: Pick<Bundle, 'name'>;
  readonly instance?: string | undefined;
  readonly places: ServicePlaces;
}

/** Ends an instance, and leaves nothing of it: not its registration, nor what it kept. Idempotent; needs no daemon where none runs. */
export async function removeService({ bundle, instance, places }: RemoveRequest): Promise<void> {
  const service = nameService(bundle.name, instance);
  const label = labelOfService(service);
  await endAll((one) => labelOfService(one) === label, { places });
  if (instance !== undefined) await removeDirectory(service, places);
  await removePluginState(service, places);
}

/**
 * Ends all services of a plugin, and leaves nothing of them: no registration, no output, no state. Answers with the labels of those that
 * were registered. Idempotent; needs no daemon where none runs. Throws SERVICE_NAME_INVALID.
 */
export async function removePlugin(name: string, options: LauncherOptions): Promise<string[]> {
  if (!v.is(serviceName, name)) throw serviceErrors.nameInvalid(name);
  const { places } = options;
  const ended = await endAll((one) => one.name === name, options);
  const instances = await readdir(join(places.pluginState, name)).catch((): string[] => []);
  for (const instance of [undefined, ...instances.filter((one) => v.is(serviceName, one))])
    await removeDirectory({ name, instance }, places);
  await removePluginState({ name }, places);
  return ended;
}

/** What it wrote. Instance "b" of "a" had the label that plugin "a.b" may have now: what is registered stays. */
async function removeDirectory(service: Parameters<typeof labelOfService>[0], places: ServicePlaces): Promise<void> {
  const directory = serviceDirectory(places, labelOfService(service));
  if (existsSync(definitionFile(directory)) || existsSync(managedFile(directory))) return;
  await rm(directory, { recursive: true, force: true });
}

async function endAll(
  isMeant: (service: Pick<ServiceDefinition, 'name' | 'instance'>) => boolean,
  options: LauncherOptions,
): Promise<string[]> {
  const launcher = await openLauncher(options).catch((thrown: unknown) => {
    if (thrown instanceof BulkheadError && thrown.code === 'SERVICES_NOT_RUNNING') return undefined;
    throw thrown;
  });
  if (launcher === undefined) return endLeftServices(options.places, isMeant);
  try {
    const labels = (await launcher.list()).filter(isMeant).map(({ label }) => label);
    for (const label of labels) await launcher.deregister(label);
    return labels;
  } finally {
    launcher.close();
  }
}
