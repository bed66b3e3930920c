import { imageNeedsDriver } from '../errors.js';
import { fileProgram } from '../drivers/built-in.js';
import { describePassed, PACKAGES, type ChosenWay, type PassedWay } from '../mounts/root-ways.js';
import type { Identity } from '../runtimes/identity.js';
import type { DriverProgram, Moments } from '../shapes.js';
import { openDirectoryImage } from './directory.js';
import type { FileImage, OpenImage, ProgramImage, RootImage, StreamImage } from './image.js';

/** What must be mounted before the root can be planned, because nobody sees its content yet. */
export type ImageMount =
  | { readonly kind: 'kernel'; readonly file: FileImage }
  | { readonly kind: 'driver'; readonly program: DriverProgram; readonly values: Readonly<Record<string, string>> };

export interface MountChoice {
  /** What the user called the image. */
  readonly image: string;
  readonly identity: Identity;
  readonly moments: Pick<Moments, 'mountImage'>;
}

/** What is there already, or somebody else's: a driver comes before the engine's own ways. Else the file as it is. */
export async function askForMount(
  opened: Exclude<OpenImage, StreamImage>,
  { image, identity, moments }: MountChoice,
): Promise<RootImage | ImageMount | FileImage> {
  if (opened.kind === 'directory' || opened.kind === 'plan') return opened;
  if (opened.kind === 'program') return mountByProgram(opened);
  const { feature, path, offset, sizeBytes } = opened;
  const answer = await moments.mountImage?.({ feature, image, path, offset, sizeBytes, privileged: identity === 'root' });
  switch (answer?.type) {
    case 'program':
      return { kind: 'driver', program: answer, values: placeholdersOf(opened) };
    case 'directory':
      return openDirectoryImage(answer.path);
    case 'kernel':
    case undefined:
      return opened;
  }
}

/** By the kernel, or by a program that the host has installed. */
export function mountFileBy(chosen: ChosenWay, file: FileImage, identity: Identity): ImageMount {
  if (chosen.way === 'kernel') return { kind: 'kernel', file };
  return { kind: 'driver', program: fileProgram(chosen, identity), values: placeholdersOf(file) };
}

export function explainNoWay(image: string, feature: FileImage['feature'], passed: readonly PassedWay[]): Error {
  return imageNeedsDriver(image, { feature, why: describePassed(passed), packageName: PACKAGES[feature] });
}

function placeholdersOf({ path, offset, sizeBytes }: FileImage): Readonly<Record<string, string>> {
  return { image: path, offset: String(offset), size: String(sizeBytes) };
}

function mountByProgram({ program }: ProgramImage): ImageMount {
  return { kind: 'driver', program, values: {} };
}
