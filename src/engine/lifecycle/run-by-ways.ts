/**
 * A run by the first ways that can be taken, see mounts/root-ways.ts: one to show the image's files, one to lay a writable layer over
 * them. Where a way fails before the command runs, everything is begun anew with the next one.
 */
import { join } from 'node:path';
import { BulkheadError } from '#base/errors.js';
import { overlayProgram } from '../drivers/built-in.js';
import { overlayDriverMissing } from '../errors.js';
import { explainNoWay, mountFileBy, type ImageMount } from '../images/choose-mount.js';
import type { FileImage, RootImage } from '../images/image.js';
import { UncopiedImage } from '../images/uncopied.js';
import type { ChosenWay, Circumstances, RootWay } from '../mounts/root-ways.js';
import type { MountAnswer, OverlayChoice, RunResult } from '../shapes.js';
import { chooseFileLayers, type ChosenLayers } from './file-layers.js';
import type { OpenLayers } from './root-layers.js';
import { isMount, runSession, type SessionContext } from './run-session.js';
import { closeSession, openCleanSession } from './session.js';
import { tryWays } from './try-ways.js';

export interface WayContext extends Omit<SessionContext, 'image' | 'layers'> {
  readonly layers: Omit<OpenLayers, 'over' | 'close'> & Pick<ChosenLayers, 'over'>;
  readonly choice: OverlayChoice;
  /** Where images may be unpacked and copied. */
  readonly imageDirectory: string | undefined;
  readonly avoid: readonly RootWay[];
}

type WithImage = WayContext & { readonly image: RootImage | ImageMount };

export async function runByWays(
  given: Omit<WayContext, 'layers'> & { readonly layers: OpenLayers },
  image: RootImage | ImageMount | FileImage,
): Promise<RunResult> {
  const { over, close } = await chooseFileLayers(given.layers.over, { ...given, circumstances: describeCircumstances(given) });
  const context = { ...given, layers: { ...given.layers, over } };
  try {
    return await (image.kind === 'file' ? runFile(context, image) : runLaid({ ...context, image }));
  } finally {
    await close();
  }
}

async function runFile(context: WayContext, file: FileImage): Promise<RunResult> {
  const { identity, log, config } = context;
  const { feature } = file;
  let isMounted = false;
  return tryWays({
    need: feature,
    circumstances: describeCircumstances(context),
    log: (line) => log(`Image ${config.image}: ${line}`),
    attempt: (chosen) =>
      chosen.way === 'unpack'
        ? runUnpacked(context, file, chosen)
        : runLaid({ ...context, image: mountFileBy(chosen, file, identity), onMounted: () => (isMounted = true) }),
    explain: (thrown) => (isMounted ? undefined : explainFailure(thrown, ['MOUNT_FAILED', 'IMAGE_DRIVER_FAILED'])),
    giveUp: (passed) => explainNoWay(config.image, feature, passed),
  });
}

async function runUnpacked(context: WayContext, file: FileImage, { program = '' }: ChosenWay): Promise<RunResult> {
  const { openUnpacked } = await import('../images/unpacked.js');
  const { config, stop, log } = context;
  const directory = join(context.imageDirectory ?? '', 'unpacked');
  const unpacked = await openUnpacked(file, { image: config.image, directory, program, stop, log });
  try {
    return await runLaid({ ...context, image: unpacked.image });
  } finally {
    await unpacked.close();
  }
}

/** The kernel lays overlays where it can. What the operator chose comes first. */
async function runLaid(given: WithImage): Promise<RunResult> {
  const { choice, config, log, layers, image } = given;
  let isMounted = ![image, ...layers.over].some(isMount);
  const onMounted = (): void => {
    isMounted = true;
    given.onMounted?.();
  };
  const context = { ...given, onMounted };
  if (choice === 'no') return runSession({ ...context, config: { ...config, readOnly: true } }, { by: 'nobody' });
  const ask = askForOverlays(context);
  const findOr = (explain: () => unknown) => async (writable: boolean) => {
    const answer = await ask(writable);
    if (answer?.type !== 'program') throw explain();
    return answer;
  };
  if (choice === 'driver') return runSession(context, { by: 'driver', find: findOr(() => overlayDriverMissing(config.image)) });
  if (layers.hasCopy) return runCopied(context);
  let refused: unknown;
  return tryWays({
    need: 'overlay',
    circumstances: { ...describeCircumstances(context), hasDriver: async () => (await ask(!config.readOnly))?.type === 'program' },
    log: (line) => log(`Over image ${config.image}: ${line}`),
    attempt: (chosen) => {
      switch (chosen.way) {
        case 'driver':
          return runSession(context, { by: 'driver', find: findOr(() => refused) });
        case 'fuse-overlayfs':
          return runSession(context, { by: 'driver', find: (writable) => Promise.resolve(overlayProgram(chosen, writable)) });
        case 'copy':
          return runCopied(context);
        default:
          return runSession(context, { by: 'kernel' });
      }
    },
    explain: (thrown) => {
      refused ??= thrown;
      // No other overlay can do better than this one before the image itself is there.
      if (!isMounted) return undefined;
      return explainFailure(thrown, ['OVERLAY_REFUSED', 'IMAGE_DRIVER_FAILED']);
    },
    giveUp: () => overlayDriverMissing(config.image),
  });
}

/** A driver is asked once for each kind of overlay. */
function askForOverlays({ moments, config: { image }, identity }: WithImage): (writable: boolean) => Promise<MountAnswer | undefined> {
  const answers = new Map<boolean, Promise<MountAnswer | undefined>>();
  const ask = async (writable: boolean) => moments.mountImage?.({ feature: 'overlay', image, writable, privileged: identity === 'root' });
  return (writable) => {
    const answer = answers.get(writable) ?? ask(writable);
    answers.set(writable, answer);
    return answer;
  };
}

/** In the layer that is kept, or for this run alone. */
async function runCopied(context: WithImage): Promise<RunResult> {
  const { copyImage, openCopy } = await import('../images/copy-image.js');
  const { layers, stop, log, runDirectory, imageDirectory = runDirectory } = context;
  const { kept, hasCopy } = layers;
  if (hasCopy && kept !== undefined) return runSession(context, { by: 'copy', copy: () => openCopy(join(kept, 'copy')) });
  if (kept !== undefined) return runSession(context, { by: 'copy', copy: (image) => copyImage(image, join(kept, 'copy'), stop) });
  const { session, removed } = await openCleanSession(imageDirectory);
  for (const id of removed) log(`Removed the copy of the killed container ${id}`);
  try {
    return await runSession(context, { by: 'copy', copy: (image) => copyImage(image, join(session.path, 'copy'), stop) });
  } finally {
    await closeSession(session);
  }
}

function describeCircumstances({ identity, mapping, imageDirectory, avoid }: Omit<WayContext, 'layers'>): Circumstances {
  return { identity, hasUsers: mapping !== undefined, directory: imageDirectory, avoid };
}

/** Of a failure before the command ran; undefined for any other. */
function explainFailure(thrown: unknown, codes: readonly string[]): string | undefined {
  if (thrown instanceof UncopiedImage) return thrown.message;
  if (!(thrown instanceof BulkheadError) || !codes.includes(thrown.code) || thrown.data['hasRun'] === true) return undefined;
  return String(thrown.data['log'] ?? thrown.data['why'] ?? thrown.message);
}
