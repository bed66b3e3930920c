import type { DriverProgram, ImageStream, Mount } from '../shapes.js';

/** What the root file system is made of, and what the image wishes to run. */
export type OpenImage = RootImage | FileImage | ProgramImage | StreamImage;

/** What the root can be planned with at once; the others become a directory first, in the session. */
export type RootImage = DirectoryImage | PlannedImage;

interface Wishes {
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly command?: readonly string[] | undefined;
  readonly entrypoint?: readonly string[] | undefined;
  readonly workingDirectory?: string | undefined;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** A directory with copies of its passwd and group, where whoever made the image has left them. */
  readonly accounts?: string | undefined;
}

export interface DirectoryImage extends Wishes {
  readonly kind: 'directory';
  /** Absolute, without symbolic links. */
  readonly path: string;
  /** By which the engine sees what the session has at `path`, where that is another file system than the host's there. */
  readonly view?: string | undefined;
  /** A copy of this run alone, or of the container's: it may be written to. */
  readonly isCopy?: boolean | undefined;
  readonly ownerUid: number;
  readonly ownerGid: number;
  readonly mode: number;
}

export interface PlannedImage extends Wishes {
  readonly kind: 'plan';
  readonly mounts: readonly Mount[];
  readonly links: ReadonlyMap<string, string>;
}

/** A file system in a file, or in a part of one. */
export interface FileImage extends Wishes {
  readonly kind: 'file';
  readonly feature: 'squashfs' | 'ext3';
  /** Absolute, without symbolic links. */
  readonly path: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** What a program mounts. */
export interface ProgramImage extends Wishes {
  readonly kind: 'program';
  readonly program: DriverProgram;
}

export interface StreamImage extends Wishes {
  readonly kind: 'stream';
  readonly stream: ImageStream;
}
