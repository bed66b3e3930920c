/**
 * What plugins keep: a directory for each, and in it one for each of its instances, 0700, where their programs start. It survives
 * restarts, and goes with the plugin, or with the instance. No name leads out of it: names are patterns (definition.ts).
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { serviceName, stateDirectoryOf, type ServiceDefinition } from './definition.js';
import { serviceErrors } from './errors.js';
import { openOwnDirectory, type ServicePlaces } from './places.js';

type Owner = Pick<ServiceDefinition, 'name' | 'instance'>;

/** Answers with the directory. Idempotent. */
export async function openPluginState(owner: Owner, places: ServicePlaces): Promise<string> {
  requireNames(owner);
  await openOwnDirectory(places.pluginState);
  await openOwnDirectory(join(places.pluginState, owner.name));
  const directory = stateDirectoryOf(owner, places);
  await openOwnDirectory(directory);
  return directory;
}

/** Of one instance, or without one of the plugin with all its instances. Idempotent; follows no link. */
export async function removePluginState(owner: Owner, places: ServicePlaces): Promise<void> {
  requireNames(owner);
  await rm(stateDirectoryOf(owner, places), { recursive: true, force: true });
}

function requireNames({ name, instance }: Owner): void {
  for (const one of [name, instance]) {
    if (one !== undefined && !v.is(serviceName, one)) throw serviceErrors.nameInvalid(one);
  }
}
