/** A run in a session of its own, with an image and a way to lay what is over it: from the plan of its root to the end of its command. */
import { basename } from 'node:path';
import type { Caller } from '../config.js';
import { PROGRAMS_MAX } from '../drivers/stage.js';
import type { ImageMount } from '../images/choose-mount.js';
import { UncopiedImage } from '../images/uncopied.js';
import type { RootImage } from '../images/image.js';
import { openControlGroup, type ControlGroup } from '../limits/control-group.js';
import type { Account } from '../mounts/generated-files.js';
import { planRoot, type RootLayers, type RootRequest } from '../mounts/plan-root.js';
import type { Chain } from '../runtimes/chain.js';
import type { Identity } from '../runtimes/identity.js';
import { prepareContainer, type OverlayWay, type PreparedContainer } from '../runtimes/prepare.js';
import type { Runtime } from '../runtimes/runtime.js';
import type { UserMapping } from '../runtimes/user-mapping.js';
import type { ContainerConfig, Moments, RunResult } from '../shapes.js';
import type { TerminalTools } from '../terminal/own-terminal.js';
import { findTools, type Tools } from '../tools.js';
import { launch, type LaunchContext, type LaunchRequest } from './launch.js';
import { answerOf, prepareMount, seeMountedImage } from './mount-image.js';
import { closeSession, judgeStale, openCleanSession, type Session } from './session.js';
import { findTerminal } from './terminal.js';

export interface SessionContext extends LaunchContext {
  readonly image: RootImage | ImageMount;
  readonly config: ContainerConfig;
  readonly identity: Identity;
  readonly mapping: UserMapping | undefined;
  readonly caller: Caller;
  readonly runtime: Runtime;
  readonly moments: Moments;
  readonly runDirectory: string;
  readonly id: string | undefined;
  readonly terminal: TerminalTools | undefined;
  readonly layers: RootLayers;
  readonly warn: (line: string) => void;
  /** From the image, those that nobody has used before. */
  readonly fillVolumes: (image: RootImage) => Promise<void>;
  /** Told when an image that had to be mounted is there. */
  readonly onMounted?: (() => void) | undefined;
}

export async function runSession(context: SessionContext, overlays: OverlayWay): Promise<RunResult> {
  const { image } = context;
  return image.kind === 'kernel' || image.kind === 'driver'
    ? runMounted({ ...context, image }, overlays)
    : runPlanned({ ...context, image }, overlays);
}

/** What can be refused is refused before anything is made. */
async function runPlanned(context: SessionContext & { image: RootImage }, overlays: OverlayWay): Promise<RunResult> {
  const plan = await describePlan(context);
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

/** The image must be mounted before its root can be planned. */
async function runMounted(context: SessionContext & { image: ImageMount }, overlays: OverlayWay): Promise<RunResult> {
  const plan = await describePlan(context);
  return inSession(context, async (session, tools) => {
    const { image, config, identity, mapping, caller, runtime, moments, stop, terminal } = context;
    const place = { session: session.path, image: config.image };
    const stage = await prepareMount(image, { ...place, tools });
    const prepare = async (chain: Chain): Promise<PreparedContainer> => {
      const seen = await seeMountedImage(chain, stage, { ...place, stop });
      context.onMounted?.();
      const waiting = { pid: chain.findInit().pid, programs: stage.programs.length };
      // As long as it takes: a copy is made only of what could be measured.
      const copied = await copyFirst(seen, overlays, context);
      await context.fillVolumes(copied);
      const rest = async () =>
        prepareContainer({
          ...{ session: session.path, tree: await planRoot({ ...plan, image: copied }), config },
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

async function describePlan(context: SessionContext): Promise<Omit<RootRequest, 'image'>> {
  const { config, identity, caller, runtime, terminal, streams, layers } = context;
  const account = describeAccount(config, caller);
  const plan = { config, identity, uid: caller.uid, account, layers };
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
