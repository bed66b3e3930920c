/** A run from start to end. What is opened is closed by the one who opened it, in reverse order. */
import { homedir } from 'node:os';
import { buildConfig, type Caller } from '../config.js';
import { openImage } from '../images/open-image.js';
import { planRoot } from '../mounts/plan-root.js';
import { chooseIdentity } from '../runtimes/identity.js';
import { prepareContainer } from '../runtimes/prepare.js';
import type { Moments, RunOptions, RunRequest, RunResult } from '../shapes.js';
import { findTools } from '../tools.js';
import { validateConfig } from '../validate.js';
import { launch } from './launch.js';
import { closeSession, openSession, removeStaleSessions } from './session.js';
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
  const caller = describeCaller();
  const image = await untilStopped(openImage(request.image, moments), stop);
  const draft = buildConfig(request, image, caller);
  const config = await validateConfig(moments.configure === undefined ? draft : await untilStopped(moments.configure(draft), stop));
  const identity = chooseIdentity(caller.uid, request.fakeroot);
  const tree = await planRoot({ image, config, identity, uid: caller.uid, terminal: await findTerminal() });
  const tools = await findTools();
  for (const id of await removeStaleSessions(options.runDirectory)) log(`Removed what the killed container ${id} left`);
  const session = await openSession(options.runDirectory);
  try {
    const prepared = await prepareContainer({ session: session.path, tree, config, identity, tools, caller });
    return await launch({ session, prepared, config, uid: caller.uid }, moments, { signals, stop, log });
  } finally {
    await closeSession(session);
  }
}

function describeCaller(): Caller {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  return { uid, gid, home: homedir(), terminal: process.env['TERM'] };
}
