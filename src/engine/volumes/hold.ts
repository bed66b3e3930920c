/** The volumes among the mounts of a configuration. */
import type { ContainerConfig, Mount } from '../shapes.js';
import { holdVolume, volumeOf } from './volumes.js';

export interface HeldVolumes {
  /** Makes those that are missing, and keeps all of them from being removed until `close`. */
  readonly hold: (config: Pick<ContainerConfig, 'mounts'>) => Promise<void>;
  readonly close: () => Promise<void>;
}

export function openHeldVolumes(directory: string | undefined): HeldVolumes {
  const held: { release: () => Promise<void> }[] = [];
  return {
    async hold({ mounts }) {
      if (directory === undefined) return;
      const names = new Set(mounts.flatMap((mount) => nameOf(mount, directory) ?? []));
      for (const name of names) held.push(await holdVolume(directory, name));
    },
    async close() {
      for (const { release } of held.splice(0)) await release();
    },
  };
}

/** Where nothing is to be made, what is not there yet is no error. */
export function leaveOutMissing(config: ContainerConfig, directory: string | undefined): ContainerConfig {
  const isVolume = (mount: Mount): boolean => directory !== undefined && nameOf(mount, directory) !== undefined;
  return { ...config, mounts: config.mounts.map((mount) => (isVolume(mount) ? { ...mount, optional: true } : mount)) };
}

function nameOf(mount: Mount, directory: string): string | undefined {
  return mount.type === 'bind' ? volumeOf(directory, mount.source) : undefined;
}
