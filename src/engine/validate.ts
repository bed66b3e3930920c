/** The host's own rules, on the configuration as everyone left it. What depends on the image's content is judged while the root is planned. */
import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { commandInvalid, hostnameInvalid, mountConflict, mountSourceMissing } from './errors.js';
import { refuseDestination } from './mounts/destinations.js';
import { refuseEnvironmentEntry } from './request.js';
import type { ContainerConfig, Mount } from './shapes.js';

const HOSTNAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/;

/** Answers the configuration without optional mounts that the host cannot serve, and without mounts asked for twice. */
export async function validateConfig(config: ContainerConfig): Promise<ContainerConfig> {
  if (config.command.length === 0 || config.command[0] === '') throw commandInvalid('it is empty');
  if (config.command.some((word) => word.includes('\0'))) throw commandInvalid('an argument contains NUL');
  if (config.hostname !== undefined && !HOSTNAME.test(config.hostname)) throw hostnameInvalid(config.hostname);
  for (const [name, value] of Object.entries(config.env)) refuseEnvironmentEntry(name, value);
  for (const mount of config.mounts) refuseDestination(mount.destination);
  return { ...config, mounts: await validateMounts(config.mounts) };
}

/** The rules that hold for the mounts of a configuration and of an image's plan alike. */
export async function validateMounts(mounts: readonly Mount[]): Promise<Mount[]> {
  const byDestination = new Map<string, Mount>();
  for (const mount of mounts) {
    if (mount.type === 'bind' && !(await hasSource(mount))) continue;
    const other = byDestination.get(mount.destination);
    if (other !== undefined && !isSameMount(mount, other)) throw mountConflict(mount.destination);
    byDestination.set(mount.destination, mount);
  }
  return [...byDestination.values()];
}

async function hasSource(mount: Mount & { type: 'bind' }): Promise<boolean> {
  try {
    await stat(mount.source);
    if (!isAbsolute(mount.source)) throw mountSourceMissing(mount.source, undefined);
    return true;
  } catch (thrown) {
    if (mount.optional === true) return false;
    throw mountSourceMissing(mount.source, thrown);
  }
}

function isSameMount(one: Mount, other: Mount): boolean {
  return isDeepStrictEqual(withoutDefaults(one), withoutDefaults(other));
}

function withoutDefaults(mount: Mount): unknown {
  return mount.type === 'bind' ? [mount.source, mount.readOnly ?? false, mount.options?.toSorted() ?? []] : [mount.sizeBytes];
}
