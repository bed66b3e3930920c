import { closeSession, openCleanSession } from '../lifecycle/session.js';
import { imageStreamRefused } from '../errors.js';
import type { ContainerConfig } from '../shapes.js';
import type { OpenImage, StreamImage } from './image.js';
import { unpackStream } from './unpack.js';

export interface StoredImage {
  readonly image: Exclude<OpenImage, StreamImage>;
  readonly close: () => Promise<void>;
}

export interface Storage {
  readonly config: ContainerConfig;
  /** Of this uid alone; what a killed run left there goes at the next. */
  readonly directory: string | undefined;
  readonly stop: AbortSignal;
  readonly log: (line: string) => void;
}

/** Makes of a stream a directory, or a file, of this run alone; any other image is as it is. Close it after the run. */
export async function storeImage(opened: OpenImage, { config, directory, stop, log }: Storage): Promise<StoredImage> {
  if (opened.kind !== 'stream') return { image: opened, close: () => Promise.resolve() };
  if (directory === undefined) throw imageStreamRefused(config.image, 'there is no place to unpack it in');
  const { session: place, removed } = await openCleanSession(directory);
  for (const id of removed) log(`Removed the image of the killed container ${id}`);
  try {
    const image = await unpackStream(opened.stream, { image: config.image, directory: place.path, stop });
    return { image, close: () => closeSession(place) };
  } catch (thrown) {
    await closeSession(place);
    throw thrown;
  }
}
