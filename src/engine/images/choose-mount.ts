import { imageNeedsDriver } from '../errors.js';
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

/** The driver first; the kernel mounts a file for real root alone. */
export async function chooseImageMount(
  opened: Exclude<OpenImage, StreamImage>,
  { image, identity, moments }: MountChoice,
): Promise<RootImage | ImageMount> {
  if (opened.kind === 'directory' || opened.kind === 'plan') return opened;
  if (opened.kind === 'program') return mountByProgram(opened);
  const { feature, path, offset, sizeBytes } = opened;
  const answer = await moments.mountImage?.({ feature, image, path, offset, sizeBytes, privileged: identity === 'root' });
  switch (answer?.type) {
    case 'program':
      return { kind: 'driver', program: answer, values: { image: path, offset: String(offset), size: String(sizeBytes) } };
    case 'directory':
      return openDirectoryImage(answer.path);
    case 'kernel':
    case undefined:
      if (identity !== 'root') throw imageNeedsDriver(image, feature);
      return { kind: 'kernel', file: opened };
  }
}

function mountByProgram({ program }: ProgramImage): ImageMount {
  return { kind: 'driver', program, values: {} };
}
