/** A run from start to end. What is opened is closed by the one who opened it, in reverse order. */
import { basename } from 'node:path';
import { BulkheadError } from '#base/errors.js';
import type { Caller } from '../config.js';
import { PROGRAMS_MAX } from '../drivers/stage.js';
import { overlayDriverMissing } from '../errors.js';
import { withBuiltinImages } from '../images/built-in.js';
import { chooseImageMount, type ImageMount } from '../images/choose-mount.js';
import type { RootImage } from '../images/image.js';
import { storeImage } from '../images/store.js';
import { openControlGroup, type ControlGroup } from '../limits/control-group.js';
import type { Account } from '../mounts/generated-files.js';
import { planRoot, type RootRequest } from '../mounts/plan-root.js';
import { resolveOptions } from '../resolve-options.js';
import type { Chain } from '../runtimes/chain.js';
import { chooseIdentity, isRootInNamespace, type Identity } from '../runtimes/identity.js';
import { prepareContainer, type OverlayWay, type PreparedContainer } from '../runtimes/prepare.js';
import { checkMapping, readOwnedRanges, requireMappers, type UserMapping } from '../runtimes/user-mapping.js';
import type { ContainerConfig, DriverProgram, Moments, OverlayChoice, RunOptions, RunRequest, RunResult } from '../shapes.js';
import { findTerminalTools, type TerminalTools } from '../terminal/own-terminal.js';
import { findTools, type Tools } from '../tools.js';
import { validateConfig } from '../validate.js';
import { configure } from './configure.js';
import { launch, type LaunchContext, type LaunchRequest } from './launch.js';
import { answerOf, prepareMount, seeMountedImage } from './mount-image.js';
import { closeSession, judgeStale, openSession, removeStaleSessions, type Session } from './session.js';
import { catchSignals, Interruption, type SignalCatcher } from './signals.js';
import { untilStopped } from './stop.js';
import { findTerminal } from './terminal.js';

/** Runs a container to its end. A command that cannot be executed gives 126 or 127, as a shell would; all else that fails throws. */
export async function runContainer(request: RunRequest, moments: Moments, options: RunOptions): Promise<RunResult> {
  const signals = catchSignals({ ownTerminal: request.terminal });
  const images = withBuiltinImages(moments, { ...options, signal: stopOf(options, signals) });
  try {
    return await run(request, images.moments, { ...options, signals });
  } catch (thrown) {
    if (thrown instanceof Interruption) return { exitCode: thrown.exitCode, runMs: 0 };
    throw thrown;
  } finally {
    await images.close();
    signals.close();
  }
}

async function run(
  request: RunRequest,
  moments: Moments,
  { signals, ...options }: RunOptions & { signals: SignalCatcher },
): Promise<RunResult> {
  const stop = stopOf(options, signals);
  const log = options.log ?? (() => undefined);
  const { caller, image: opened, config: wanted, defaultHome } = await configure(request, moments, stop);
  const { cdiDirectories = [] } = options;
  const config = await validateConfig(await resolveOptions(wanted, { defaultHome, cdiDirectories }));
  const identity = chooseIdentity(caller.uid, isRootInNamespace(config, caller.uid));
  const mapping = identity === 'fakeroot' && caller.uid !== 0 ? await untilStopped(mapUsers(caller, moments), stop) : undefined;
  const { runDirectory, warn = log, streams, id } = options;
  const terminal = request.terminal === true ? await findTerminalTools() : undefined;
  const context = { config, identity, mapping, caller, moments, runDirectory, signals, stop, log, warn, streams, id, terminal };
  const stored = await storeImage(opened, { config, directory: options.imageDirectory, stop, log });
  try {
    const image = await untilStopped(chooseImageMount(stored.image, { image: config.image, identity, moments }), stop);
    return await runWithOverlays({ ...context, image }, options.overlay ?? 'try');
  } finally {
    await stored.close();
  }
}

function stopOf({ signal }: RunOptions, { interrupted }: SignalCatcher): AbortSignal {
  return signal === undefined ? interrupted : AbortSignal.any([interrupted, signal]);
}

interface RunContext extends LaunchContext {
  readonly image: RootImage | ImageMount;
  readonly config: ContainerConfig;
  readonly identity: Identity;
  readonly mapping: UserMapping | undefined;
  readonly caller: Caller;
  readonly moments: Moments;
  readonly runDirectory: string;
  readonly id: string | undefined;
  readonly warn: (line: string) => void;
  readonly terminal: TerminalTools | undefined;
}

/** The kernel lays overlays where it can; where it refuses, and a driver offers to, everything is begun anew with that one. */
async function runWithOverlays(context: RunContext, choice: OverlayChoice): Promise<RunResult> {
  if (choice === 'no') return runSession({ ...context, config: { ...context.config, readOnly: true } }, { by: 'nobody' });
  const { image } = context.config;
  const privileged = context.identity === 'root';
  const ask = async (writable: boolean) => context.moments.mountImage?.({ feature: 'overlay', image, writable, privileged });
  if (choice === 'driver') {
    const find = async (writable: boolean): Promise<DriverProgram> => {
      const answer = await ask(writable);
      if (answer?.type !== 'program') throw overlayDriverMissing(image);
      return answer;
    };
    return runSession(context, { by: 'driver', find });
  }
  try {
    return await runSession(context, { by: 'kernel' });
  } catch (thrown) {
    if (!isOverlayRefused(thrown)) throw thrown;
    const find = async (writable: boolean): Promise<DriverProgram> => {
      const answer = await ask(writable);
      if (answer?.type !== 'program') throw thrown;
      context.log('The kernel refuses an overlay here; a driver lays it');
      return answer;
    };
    return runSession(context, { by: 'driver', find });
  }
}

async function runSession(context: RunContext, overlays: OverlayWay): Promise<RunResult> {
  const { image } = context;
  return image.kind === 'kernel' || image.kind === 'driver'
    ? runMounted({ ...context, image }, overlays)
    : runPlanned({ ...context, image }, overlays);
}

/** What can be refused is refused before anything is made. */
async function runPlanned(context: RunContext & { image: RootImage }, overlays: OverlayWay): Promise<RunResult> {
  const plan = await describePlan(context);
  const tree = await planRoot({ ...plan, image: context.image });
  return inSession(context, async (session, tools) => {
    const { config, identity, mapping, caller, moments, terminal } = context;
    const prepared = await prepareContainer({ session: session.path, tree, config, identity, tools, caller, overlays, terminal });
    const programs = prepared.stage?.programs.length ?? 0;
    const request = { session, identity, tools, config, uid: caller.uid, mapping, programs, terminal };
    return launchInLimits({ ...request, prepare: () => Promise.resolve(prepared) }, moments, context);
  });
}

/** The image must be mounted before its root can be planned. */
async function runMounted(context: RunContext & { image: ImageMount }, overlays: OverlayWay): Promise<RunResult> {
  const plan = await describePlan(context);
  return inSession(context, async (session, tools) => {
    const { image, config, identity, mapping, caller, moments, stop, terminal } = context;
    const place = { session: session.path, image: config.image };
    const stage = await prepareMount(image, { ...place, tools });
    const prepare = async (chain: Chain): Promise<PreparedContainer> => {
      const seen = await seeMountedImage(chain, stage, { ...place, stop });
      const waiting = { pid: chain.findInit().pid, programs: stage.programs.length };
      const rest = async () =>
        prepareContainer({
          ...{ session: session.path, tree: await planRoot({ ...plan, image: seen }), config },
          ...{ identity, tools, caller, overlays, waiting, terminal },
        });
      const prepared = await answerOf(rest(), { image: config.image, stop });
      chain.go();
      return prepared;
    };
    const request = { session, identity, tools, config, uid: caller.uid, mapping, programs: PROGRAMS_MAX, prepare, terminal };
    return launchInLimits(request, moments, context);
  });
}

async function describePlan({ config, identity, caller, terminal, streams }: RunContext): Promise<Omit<RootRequest, 'image'>> {
  const account = describeAccount(config, caller);
  return { config, identity, uid: caller.uid, account, terminal: terminal === undefined ? await findTerminal(streams) : 'own' };
}

async function inSession(
  { runDirectory, id, log }: Pick<RunContext, 'runDirectory' | 'id' | 'log'>,
  use: (session: Session, tools: Tools) => Promise<RunResult>,
): Promise<RunResult> {
  const tools = await findTools();
  for (const stale of await removeStaleSessions(runDirectory)) log(`Removed what the killed container ${stale} left`);
  const session = await openSession(runDirectory, id);
  try {
    return await use(session, tools);
  } finally {
    await closeSession(session);
  }
}

/** Nothing is known of the caller's ranges where nobody asks for them. */
async function mapUsers({ uid, gid }: Caller, moments: Moments): Promise<UserMapping | undefined> {
  if (moments.mapUsers === undefined) return undefined;
  const owned = await readOwnedRanges(uid);
  const mapping = await moments.mapUsers({ uid, gid, owned });
  if (mapping === undefined) return undefined;
  checkMapping(mapping, owned);
  await requireMappers();
  return mapping;
}

function isOverlayRefused(thrown: unknown): boolean {
  return thrown instanceof BulkheadError && thrown.code === 'OVERLAY_REFUSED';
}

async function launchInLimits(request: LaunchRequest, moments: Moments, context: RunContext): Promise<RunResult> {
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
