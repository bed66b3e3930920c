/** Images that no plugin need open: those of formats that the store reads, and those of registries that are in it already. */
import type { Moments, RunOptions } from '../shapes.js';
import { openDirectoryImage } from './directory.js';
import { openFileImage } from './file.js';
import type { OpenImage } from './image.js';

export const BUILTIN_SCHEMES: readonly string[] = ['docker', 'oci', 'oci-archive', 'docker-archive'];

export interface BuiltinImages {
  /** Answers undefined where the scheme is another one. */
  openBuiltin?(scheme: string, rest: string): Promise<OpenImage | undefined>;
}

export interface OpenBuiltin {
  readonly moments: Moments & BuiltinImages;
  /** Nobody uses them any more. */
  close(): Promise<void>;
}

export interface BuiltinOptions {
  readonly imageStore?: string | undefined;
  readonly id?: string | undefined;
  readonly record?: RunOptions['record'] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly log?: ((line: string) => void) | undefined;
}

/** Without a store, plugins are asked for all schemes. */
export function withBuiltinImages(moments: Moments, { imageStore: directory, id, record, signal, log }: BuiltinOptions): OpenBuiltin {
  if (directory === undefined) return { moments, close: () => Promise.resolve() };
  const held: { release(): Promise<void> }[] = [];
  const known = record?.name ?? id;
  const holder = known === undefined ? `process ${process.pid}` : `container ${known}`;

  async function openBuiltin(scheme: string, rest: string): Promise<OpenImage | undefined> {
    if (!BUILTIN_SCHEMES.includes(scheme)) return undefined;
    // Loaded here: most runs need none of it.
    const { openRunnableImage } = await import('#images/images.js');
    const { kind, path, accounts, release, env, entrypoint, command, workingDirectory, user } = await openRunnableImage({
      ...{ scheme, rest, directory: directory ?? '', holder },
      ...{ signal, log, keptWhile: record?.path },
    });
    held.push({ release });
    const root = kind === 'directory' ? await openDirectoryImage(path) : await openFileImage(path, `${scheme}:${rest}`);
    return { ...root, accounts, env, entrypoint, command, workingDirectory, user };
  }

  return {
    moments: { ...moments, openBuiltin },
    close: async () => {
      for (const { release } of held.splice(0)) await release();
    },
  };
}

/** For who wants to know what would run: nothing is made of the layers. */
export function describingBuiltinImages(moments: Moments, directory: string): Moments & BuiltinImages {
  return {
    ...moments,
    async openBuiltin(scheme, rest) {
      if (!BUILTIN_SCHEMES.includes(scheme)) return undefined;
      const { readRunnableConfig } = await import('#images/images.js');
      const { env, entrypoint, command, workingDirectory, accounts } = await readRunnableConfig({ scheme, rest, directory });
      return { kind: 'plan', mounts: [], links: new Map(), env, entrypoint, command, workingDirectory, accounts };
    },
  };
}
