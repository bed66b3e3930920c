/** A run from start to end. What is opened is closed by the one who opened it, in reverse order. */
import { basename } from 'node:path';
import type { Caller } from '../config.js';
import { planRoot } from '../mounts/plan-root.js';
import { openControlGroup, type ControlGroup } from '../limits/control-group.js';
import type { Account } from '../mounts/generated-files.js';
import { resolveOptions } from '../resolve-options.js';
import { chooseIdentity, isRootInNamespace } from '../runtimes/identity.js';
import { prepareContainer } from '../runtimes/prepare.js';
import { checkMapping, readOwnedRanges, requireMappers, type UserMapping } from '../runtimes/user-mapping.js';
import type { ContainerConfig, Moments, RunOptions, RunRequest, RunResult } from '../shapes.js';
import { findTools } from '../tools.js';
import { validateConfig } from '../validate.js';
import { configure } from './configure.js';
import { launch } from './launch.js';
import { closeSession, judgeStale, openSession, removeStaleSessions, type Session } from './session.js';
import { catchSignals, Interruption, type SignalCatcher } from './signals.js';
import { untilStopped } from './stop.js';
import { findTerminal } from './terminal.js';

/** Runs a container to its end. A command that cannot be executed gives 126 or 127, as a shell would; all else that fails throws. */
export async function runContainer(request: RunRequest, moments: Moments, options: RunOptions): Promise<RunResult> {
  const signals = catchSignals();
  try {
    return await run(request, moments, { ...options, signals });
  } catch (thrown) {
    if (thrown instanceof Interruption) return { exitCode: thrown.exitCode, runMs: 0 };
    throw thrown;
  } finally {
    signals.close();
  }
}

async function run(
  request: RunRequest,
  moments: Moments,
  { signals, ...options }: RunOptions & { signals: SignalCatcher },
): Promise<RunResult> {
  const stop = options.signal === undefined ? signals.interrupted : AbortSignal.any([signals.interrupted, options.signal]);
  const log = options.log ?? (() => undefined);
  const { caller, image, config: wanted, defaultHome } = await configure(request, moments, stop);
  const { cdiDirectories = [] } = options;
  const config = await validateConfig(await resolveOptions(wanted, { defaultHome, cdiDirectories }));
  const identity = chooseIdentity(caller.uid, isRootInNamespace(config, caller.uid));
  const tree = await planRoot({
    ...{ image, config, identity, uid: caller.uid },
    account: describeAccount(config, caller),
    terminal: await findTerminal(),
  });
  const mapping = identity === 'fakeroot' && caller.uid !== 0 ? await untilStopped(mapUsers(caller, moments), stop) : undefined;
  const tools = await findTools();
  for (const id of await removeStaleSessions(options.runDirectory)) log(`Removed what the killed container ${id} left`);
  const session = await openSession(options.runDirectory);
  try {
    const prepared = await prepareContainer({ session: session.path, tree, config, identity, tools, caller });
    const controlGroup = await openLimits(config, session, options.warn ?? log);
    try {
      return await launch({ session, prepared, config, uid: caller.uid, mapping, controlGroup }, moments, { signals, stop, log });
    } finally {
      await controlGroup?.close();
    }
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
