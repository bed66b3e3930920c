/** Named volumes, as the command line calls them. No code of a plugin runs. */
import { listContainers } from '#containers/containers.js';
import { createVolume, listVolumes, readVolume, removeVolume, sweepVolumes, volumeInUse, type Volume } from '#engine/engine.js';
import { messageOf } from '#base/errors.js';
import type { Scene } from './scene.js';

export interface VolumeDescription extends Volume {
  /** Containers that are kept and name it, whether they run or not; by name, else id. */
  readonly containers: readonly string[];
}

export interface VolumeReport {
  readonly volumes: readonly VolumeDescription[];
  readonly problems: readonly { readonly name: string; readonly why: string }[];
}

export interface VolumeCommands {
  create(name: string): Promise<Volume>;
  list(): Promise<VolumeReport>;
  inspect(name: string): Promise<VolumeDescription>;
  /** Refuses one that a container runs with, or that one which is kept names. */
  remove(name: string): Promise<void>;
  /** Removes those that no container names; answers with their names. */
  prune(): Promise<string[]>;
}

export type { Volume } from '#engine/engine.js';

export function openVolumes({ paths }: Scene): VolumeCommands {
  const directory = paths.volumes;
  const nameUsers = async (): Promise<(name: string) => string[]> => {
    const { containers } = await listContainers(paths.containers);
    return (name) =>
      containers.filter(({ record }) => namesVolume(record.invocation.words, name)).map(({ record }) => record.name ?? record.id);
  };
  const list = async (): Promise<VolumeReport> => {
    const { volumes, problems } = await listVolumes(directory);
    const usersOf = await nameUsers();
    return {
      volumes: volumes.map((volume) => ({ ...volume, containers: usersOf(volume.name) })),
      problems: problems.map(({ name, error }) => ({ name, why: messageOf(error) })),
    };
  };
  const inspect = async (name: string): Promise<VolumeDescription> => {
    const volume = await readVolume(directory, name);
    return { ...volume, containers: (await nameUsers())(name) };
  };
  return {
    create: (name) => createVolume(directory, name),
    list,
    inspect,
    async remove(name) {
      const [user] = (await inspect(name)).containers;
      if (user !== undefined) throw volumeInUse(name, `container ${user}`);
      await removeVolume(directory, name);
    },
    async prune() {
      await sweepVolumes(directory);
      const removed: string[] = [];
      for (const { name, users, containers } of (await list()).volumes) {
        if (users > 0 || containers.length > 0) continue;
        await removeVolume(directory, name);
        removed.push(name);
      }
      return removed;
    },
  };
}

/** Whether the flags that were typed name the volume. The command's own words may look so too: then it is kept once too often. */
export function namesVolume(words: readonly string[], name: string): boolean {
  return words.some((word) => {
    const value = word.replace(/^(?:--(?:volume|mount)=|-[a-zA-Z]*v)/, '');
    return value.startsWith(`${name}:`) || value.split(',').some((part) => part === `source=${name}` || part === `src=${name}`);
  });
}
