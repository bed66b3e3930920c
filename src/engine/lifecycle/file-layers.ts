/** File systems in files that lie over the image: by a way of mounts/root-ways.ts, as the image itself, but by the first one alone. */
import { join } from 'node:path';
import { askForMount, explainNoWay, mountFileBy, type ImageMount } from '../images/choose-mount.js';
import type { FileImage } from '../images/image.js';
import { chooseWay, describeChoice, type Circumstances } from '../mounts/root-ways.js';
import type { LayerDirectory } from '../mounts/root-tree.js';
import type { Identity } from '../runtimes/identity.js';
import type { Moments } from '../shapes.js';
import { showLayer, type OpenLayers } from './root-layers.js';

export interface FileLayersContext {
  readonly identity: Identity;
  readonly moments: Pick<Moments, 'mountImage'>;
  readonly circumstances: Circumstances;
  /** Where images may be unpacked. */
  readonly imageDirectory: string | undefined;
  readonly stop: AbortSignal;
  readonly log: (line: string) => void;
}

export interface ChosenLayers {
  /** The session mounts what is no directory yet. */
  readonly over: readonly (LayerDirectory | ImageMount)[];
  readonly close: () => Promise<void>;
}

export async function chooseFileLayers(over: OpenLayers['over'], context: FileLayersContext): Promise<ChosenLayers> {
  const opened: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of opened.splice(0).toReversed()) await one();
  };
  try {
    const chosen: (LayerDirectory | ImageMount)[] = [];
    for (const layer of over) chosen.push('source' in layer ? layer : await chooseFor(layer, context, opened));
    return { over: chosen, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function chooseFor(
  file: FileImage,
  context: FileLayersContext,
  opened: (() => Promise<void>)[],
): Promise<LayerDirectory | ImageMount> {
  const { identity, moments, circumstances, imageDirectory = '', stop, log } = context;
  const { path, feature } = file;
  const asked = await askForMount(file, { image: path, identity, moments });
  if (asked.kind === 'directory') return showLayer({ source: asked.path });
  if (asked.kind === 'kernel' || asked.kind === 'driver') return asked;
  const way = await chooseWay(feature, circumstances);
  if (way.way === undefined) throw explainNoWay(path, feature, way.passed);
  log(`Layer ${path}: ${describeChoice(feature, way)}`);
  if (way.way !== 'unpack') return mountFileBy(way, file, identity);
  const { openUnpacked } = await import('../images/unpacked.js');
  const unpacked = await openUnpacked(file, {
    image: path,
    directory: join(imageDirectory, 'unpacked'),
    program: way.program ?? '',
    stop,
    log,
  });
  opened.push(unpacked.close);
  return showLayer({ source: unpacked.image.path });
}
