/** A run from start to end. What is opened is closed by the one who opened it, in reverse order. */
import type { Caller } from '../config.js';
import { optionInvalid } from '../errors.js';
import { withBuiltinImages } from '../images/built-in.js';
import { askForMount, type ImageMount } from '../images/choose-mount.js';
import type { FileImage, RootImage } from '../images/image.js';
import { storeImage } from '../images/store.js';
import { resolveOptions } from '../resolve-options.js';
import { parseOverlays } from '../request-options.js';
import { chooseIdentity, isRootInNamespace } from '../runtimes/identity.js';
import { chooseRuntime } from '../runtimes/choose-runtime.js';
import {
  checkMapping,
  mapAllOwned,
  readOwnedRanges,
  requireMappers,
  type RequestedMapping,
  type UserMapping,
} from '../runtimes/user-mapping.js';
import type { Moments, RunOptions, RunRequest, RunResult } from '../shapes.js';
import { findTerminalTools } from '../terminal/own-terminal.js';
import { validateConfig } from '../validate.js';
import { openHeldVolumes, type HeldVolumes } from '../volumes/hold.js';
import { configure } from './configure.js';
import { openLayers } from './root-layers.js';
import { runByWays } from './run-by-ways.js';
import { catchSignals, Interruption, type SignalCatcher } from './signals.js';
import { untilStopped } from './stop.js';

/** Runs a container to its end. A command that cannot be executed gives 126 or 127, as a shell would; all else that fails throws. */
export async function runContainer(request: RunRequest, moments: Moments, options: RunOptions): Promise<RunResult> {
  const signals = catchSignals({ ownTerminal: request.terminal });
  const images = withBuiltinImages(moments, { ...options, signal: stopOf(options, signals) });
  const volumes = openHeldVolumes(options.volumeDirectory);
  try {
    return await run(request, images.moments, { ...options, signals, volumes });
  } catch (thrown) {
    if (thrown instanceof Interruption) return { exitCode: thrown.exitCode, runMs: 0 };
    throw thrown;
  } finally {
    await volumes.close();
    await images.close();
    signals.close();
  }
}

async function run(
  request: RunRequest,
  moments: Moments,
  { signals, volumes, ...options }: RunOptions & { signals: SignalCatcher; volumes: HeldVolumes },
): Promise<RunResult> {
  const stop = stopOf(options, signals);
  const log = options.log ?? (() => undefined);
  refuseNetworks(request, moments);
  const runtime = await chooseRuntime(request, options, moments);
  const overlays = parseOverlays(request.options);
  const { cdiDirectories = [], volumeDirectory } = options;
  const { caller, image: opened, config: wanted, defaultHome } = await configure(request, moments, { stop, volumeDirectory });
  await volumes.hold(wanted);
  const config = await validateConfig(await resolveOptions(wanted, { defaultHome, cdiDirectories }));
  const identity = chooseIdentity(caller.uid, isRootInNamespace(config, caller.uid));
  runtime.refuse(identity);
  const mayMap = identity === 'fakeroot' && caller.uid !== 0;
  const chosen = mayMap ? await untilStopped(mapUsers(caller, moments), stop) : undefined;
  const {
    runDirectory,
    writableDirectory,
    imageDirectory,
    warn = log,
    overlay: choice = 'try',
    avoidWays: avoid = [],
    streams,
    id,
  } = options;
  const terminal = request.terminal === true ? await findTerminalTools() : undefined;
  const layers = await openLayers({ overlays, writableDirectory, readOnly: config.readOnly || choice === 'no', warn });
  if (layers.kept !== undefined && config.rootSizeBytes !== undefined)
    warn(`What is written stays in ${layers.kept}, and may be more than --root-size: that is of memory`);
  try {
    const stored = await storeImage(opened, { config, directory: imageDirectory, stop, log });
    try {
      const image = await untilStopped(askForMount(stored.image, { image: config.image, identity, moments }), stop);
      const mapping = mayMap && moments.mapUsers === undefined ? await mapOwned(caller, image, log) : chosen;
      const context = {
        config,
        identity,
        mapping,
        caller,
        runtime,
        moments,
        runDirectory,
        signals,
        stop,
        log,
        warn,
        fillVolumes: (root: RootImage) => volumes.fill(root, stop),
        streams,
        id,
        terminal,
      };
      return await runByWays({ ...context, layers, choice, imageDirectory, avoid }, image);
    } finally {
      await stored.close();
    }
  } finally {
    await layers.close();
  }
}

/** A container that was to be in a network must not run without it. */
function refuseNetworks({ options = {} }: RunRequest, { attach }: Moments): void {
  const named = options.networks?.find((network) => !['host', 'none'].includes(network));
  if (named !== undefined && attach === undefined)
    throw optionInvalid('--network', named, 'it must be host or none: there is nobody who attaches to others', '--network none');
}

async function mapUsers({ uid, gid }: Caller, moments: Moments): Promise<UserMapping | undefined> {
  if (moments.mapUsers === undefined) return undefined;
  const owned = await readOwnedRanges(uid);
  const mapping = await moments.mapUsers({ uid, gid, owned });
  if (mapping === undefined) return undefined;
  checkMapping(mapping, owned);
  await requireMappers();
  return mapping;
}

/** Where nobody is asked to choose. */
async function mapOwned(
  { uid }: Caller,
  { kind }: RootImage | ImageMount | FileImage,
  log: (line: string) => void,
): Promise<RequestedMapping | undefined> {
  if (kind === 'directory' || kind === 'plan') return mapAllOwned(await readOwnedRanges(uid), log);
  // Better to be alone than without the quickest way to an image, or without any.
  log('Root is the only user inside: what a program mounts for you the others could not see');
  return undefined;
}

function stopOf({ signal }: RunOptions, { interrupted }: SignalCatcher): AbortSignal {
  return signal === undefined ? interrupted : AbortSignal.any([interrupted, signal]);
}
