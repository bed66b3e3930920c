/** A run in a session of its own, with an image and a way to lay what is over it: from the plan of its root to the end of its command. */
import { basename, join } from 'node:path';
import type { Caller } from '../config.js';
import { attendStage } from '../drivers/attend.js';
import { PROGRAMS_MAX } from '../drivers/stage.js';
import type { ImageMount } from '../images/choose-mount.js';
import { UncopiedImage } from '../images/uncopied.js';
import type { DirectoryImage, RootImage } from '../images/image.js';
import { openControlGroup, type ControlGroup } from '../limits/control-group.js';
import type { Account } from '../mounts/generated-files.js';
import { planRoot, type RootLayers, type RootRequest } from '../mounts/plan-root.js';
import type { LayerDirectory } from '../mounts/root-tree.js';
import type { Chain } from '../runtimes/chain.js';
import type { Identity } from '../runtimes/identity.js';
import { prepareContainer, type OverlayWay, type PreparedContainer } from '../runtimes/prepare.js';
import type { Runtime } from '../runtimes/runtime.js';
import type { RequestedMapping } from '../runtimes/user-mapping.js';
import type { ContainerConfig, Moments, RunResult } from '../shapes.js';
import type { TerminalTools } from '../terminal/own-terminal.js';
import { findTools, type Tools } from '../tools.js';
import { launch, type LaunchContext, type LaunchRequest } from './launch.js';
import type { ChosenLayers } from './file-layers.js';
import { answerOf, prepareMounts, seeMounted } from './mount-image.js';
import { showLayer } from './root-layers.js';
import { closeSession, judgeStale, openCleanSession, type Session } from './session.js';
import { findTerminal } from './terminal.js';

export interface SessionContext extends LaunchContext {
  readonly image: RootImage | ImageMount;
  readonly config: ContainerConfig;
  readonly identity: Identity;
  readonly mapping: RequestedMapping | undefined;
  readonly caller: Caller;
  readonly runtime: Runtime;
  readonly moments: Moments;
  readonly runDirectory: string;
  readonly id: string | undefined;
  readonly terminal: TerminalTools | undefined;
  readonly layers: Pick<ChosenLayers, 'over'> & Pick<RootLayers, 'kept'>;
  readonly warn: (line: string) => void;
  /** From the image, those that nobody has used before. */
  readonly fillVolumes: (image: RootImage) => Promise<void>;
  /** Told when an image that had to be mounted is there. */
  readonly onMounted?: (() => void) | undefined;
}

export async function runSession(context: SessionContext, overlays: OverlayWay): Promise<RunResult> {
  const { image, layers } = context;
  const over = layers.over.filter(isDirectory);
  return isMount(image) || over.length < layers.over.length
    ? runMounted(context, overlays)
    : runPlanned({ ...context, image }, { overlays, layers: { ...layers, over } });
}

/** Whether the session must mount it. */
export function isMount(one: RootImage | LayerDirectory | ImageMount): one is ImageMount {
  return 'kind' in one && (one.kind === 'kernel' || one.kind === 'driver');
}

function isDirectory(layer: LayerDirectory | ImageMount): layer is LayerDirectory {
  return !isMount(layer);
}

/** What can be refused is refused before anything is made. */
async function runPlanned(
  context: SessionContext & { image: RootImage },
  { overlays, layers }: { overlays: OverlayWay; layers: RootLayers },
): Promise<RunResult> {
  const plan = { ...(await describePlan(context)), layers };
  const image = await copyFirst(context.image, overlays, context);
  await context.fillVolumes(image);
  const tree = await planRoot({ ...plan, image });
  return inSession(context, async (session, tools) => {
    const { config, identity, mapping, caller, runtime, moments, terminal } = context;
    const prepared = await prepareContainer({
      ...{ session: session.path, tree, config, identity, tools, caller, runtime, overlays, terminal },
    });
    const programs = prepared.stage?.programs.length ?? 0;
    const request = { session, identity, tools, config, uid: caller.uid, mapping, programs, terminal };
    return launchInLimits({ ...request, prepare: () => Promise.resolve(prepared) }, moments, context);
  });
}

/** The image, or what lies over it, must be mounted before its root can be planned. */
async function runMounted(context: SessionContext, overlays: OverlayWay): Promise<RunResult> {
  const plan = await describePlan(context);
  return inSession(context, async (session, tools) => {
    const { image, layers, config, identity, mapping, caller, runtime, moments, stop, terminal } = context;
    const names = layers.over.map((_, index) => `layer-${index}`);
    const mounts = layers.over.flatMap((layer, index) =>
      isMount(layer) ? [{ mount: layer, name: names[index] ?? '', what: nameOf(layer) }] : [],
    );
    if (isMount(image)) mounts.unshift({ mount: image, name: 'image', what: config.image });
    const stage = await prepareMounts(mounts, { session: session.path, tools });
    const prepare = async (chain: Chain): Promise<PreparedContainer> => {
      await attendStage(chain, stage, stop);
      const see = (name: string, what: string) => seeMounted(chain, stage, { path: join(session.path, name), image: what, stop });
      const seen = isMount(image) ? await see('image', config.image) : image;
      const over: LayerDirectory[] = [];
      for (const [index, layer] of layers.over.entries())
        over.push(isMount(layer) ? await seeLayer(see(names[index] ?? '', nameOf(layer))) : layer);
      context.onMounted?.();
      const waiting = { pid: chain.findInit().pid, programs: stage.programs.length };
      // As long as it takes: a copy is made only of what could be measured.
      const copied = await copyFirst(seen, overlays, context);
      await context.fillVolumes(copied);
      const rest = async () =>
        prepareContainer({
          ...{ session: session.path, tree: await planRoot({ ...plan, layers: { ...layers, over }, image: copied }), config },
          ...{ identity, tools, caller, runtime, overlays, waiting, terminal },
        });
      const prepared = await answerOf(rest(), { image: config.image, stop });
      chain.go();
      return prepared;
    };
    const request = { session, identity, tools, config, uid: caller.uid, mapping, programs: PROGRAMS_MAX, prepare, terminal };
    return launchInLimits(request, moments, context);
  });
}

/** A file by its path, another one by what its driver was told. */
function nameOf(layer: ImageMount): string {
  return layer.kind === 'kernel' ? layer.file.path : (layer.values['image'] ?? layer.program.program);
}

async function seeLayer(mounted: Promise<DirectoryImage>): Promise<LayerDirectory> {
  const { path, view } = await mounted;
  return showLayer({ source: path, view });
}

async function copyFirst<Image extends RootImage>(
  image: Image,
  overlays: OverlayWay,
  { layers }: Pick<SessionContext, 'layers'>,
): Promise<Image | RootImage> {
  if (overlays.by !== 'copy') return image;
  if (image.kind !== 'directory') throw new UncopiedImage('it is put together of several directories');
  if (layers.over.length > 0) throw new UncopiedImage('other layers lie over the image');
  return overlays.copy(image);
}

async function describePlan(context: SessionContext): Promise<Omit<RootRequest, 'image' | 'layers'>> {
  const { config, identity, caller, runtime, terminal, streams } = context;
  const account = describeAccount(config, caller);
  const plan = { config, identity, uid: caller.uid, account };
  if (runtime.makesTerminal) return { ...plan, terminal: undefined };
  return { ...plan, terminal: terminal === undefined ? await findTerminal(streams) : 'own' };
}

async function inSession(
  { runDirectory, id, log }: Pick<SessionContext, 'runDirectory' | 'id' | 'log'>,
  use: (session: Session, tools: Tools) => Promise<RunResult>,
): Promise<RunResult> {
  const tools = await findTools();
  const { session, removed } = await openCleanSession(runDirectory, id);
  for (const stale of removed) log(`Removed what the killed container ${stale} left`);
  try {
    return await use(session, tools);
  } finally {
    await closeSession(session);
  }
}

async function launchInLimits(request: LaunchRequest, moments: Moments, context: SessionContext): Promise<RunResult> {
  const controlGroup = await openLimits(request.config, request.session, context.warn);
  try {
    return await launch({ ...request, controlGroup }, moments, context);
  } finally {
    await controlGroup?.close();
  }
}

async function openLimits({ limits }: ContainerConfig, { path }: Session, warn: (line: string) => void): Promise<ControlGroup | undefined> {
  if (limits === undefined) return undefined;
  return openControlGroup(limits, { name: basename(path), isStale: await judgeStale(), warn });
}

function describeAccount({ user, env }: ContainerConfig, { uid, gid, name }: Caller): Account {
  const inside = user ?? { uid, gid };
  const home = env['HOME'] ?? '/';
  // It becomes a field of a line.
  return { name: inside.uid === 0 ? 'root' : name, ...inside, home: /^[^:\p{Cc}]+$/u.test(home) ? home : '/' };
}
