/** The volumes among the mounts of a configuration. */
import { dirname } from 'node:path';
import type { RootImage } from '../images/image.js';
import type { ContainerConfig, Mount } from '../shapes.js';
import { holdVolume, isNewVolume, volumeOf, volumePath } from './volumes.js';

export interface HeldVolumes {
  /** Makes those that are missing, and keeps all of them from being removed until `close`. */
  readonly hold: (config: Pick<ContainerConfig, 'mounts'>) => Promise<void>;
  /** Fills those that nobody has used before from the image, before anything of them is shown. */
  readonly fill: (image: RootImage, stop: AbortSignal) => Promise<void>;
  readonly close: () => Promise<void>;
}

interface Shown {
  readonly name: string;
  /** Of the volume. */
  readonly path: string;
  readonly destination: string;
}

export function openHeldVolumes(directory: string | undefined): HeldVolumes {
  const held: { release: () => Promise<void> }[] = [];
  const shown: Shown[] = [];
  return {
    async hold({ mounts }) {
      if (directory === undefined) return;
      for (const mount of mounts) {
        const name = nameOf(mount, directory);
        if (name === undefined) continue;
        if (!shown.some((one) => one.name === name)) held.push(await holdVolume(directory, name));
        shown.push({ name, path: dirname(volumePath(directory, name)), destination: mount.destination });
      }
    },
    async fill(image, stop) {
      const first = shown.filter(({ name, path }, index) => isNewVolume(path) && shown.findIndex((one) => one.name === name) === index);
      if (first.length === 0) return;
      const { fillVolume } = await import('./fill.js');
      const content = image.kind === 'directory' ? image : undefined;
      for (const volume of first) await fillVolume(volume, { image: content, destination: volume.destination, stop });
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
