/** From a prepared session to the end of its command. */
import { attendStage } from '../drivers/attend.js';
import { imageChanged, imageDriverFailed, launchFailed } from '../errors.js';
import type { ControlGroup } from '../limits/control-group.js';
import { readMountTable } from '../mounts/mount-table.js';
import { ChainEnded, startChain, type Chain } from '../runtimes/chain.js';
import { explainFailure } from '../runtimes/failure.js';
import type { Identity } from '../runtimes/identity.js';
import { openLog, type PreparedContainer } from '../runtimes/prepare.js';
import type { Entry, Start } from '../runtimes/runtime.js';
import type { RequestedMapping } from '../runtimes/user-mapping.js';
import type { Container, ContainerConfig, ContainerEvent, Moments, RunResult, Streams } from '../shapes.js';
import { reachProcesses } from './container-use.js';
import { openControl, type Control } from './control.js';
import { keepCallerTerminal } from '../terminal/caller-terminal.js';
import type { TerminalTools } from '../terminal/own-terminal.js';
import type { Tools } from '../tools.js';
import { answerOf } from './mount-image.js';
import { observe, type Observation } from './observe.js';
import { signalQuietly, type ProcessStatus } from './process-tree.js';
import { findProcessUse } from './samples.js';
import type { Session } from './session.js';
import { forwardSignal, type SignalCatcher } from './signals.js';
import { untilStopped } from './stop.js';

export interface LaunchRequest {
  readonly session: Session;
  readonly identity: Identity;
  readonly tools: Tools;
  readonly config: ContainerConfig;
  readonly uid: number;
  readonly mapping?: RequestedMapping | undefined;
  readonly controlGroup?: ControlGroup | undefined;
  /** Writes down the rest of the session, where the chain must mount the image before that can be done; else what is written already. */
  readonly prepare: (chain: Chain) => Promise<PreparedContainer>;
  /** How many programs of drivers there may be. */
  readonly programs: number;
  /** Where the command gets a terminal of its own. */
  readonly terminal?: TerminalTools | undefined;
}

type Prepared = LaunchRequest & { readonly prepared: PreparedContainer };

export interface LaunchContext {
  readonly signals: SignalCatcher;
  readonly stop: AbortSignal;
  readonly log: (line: string) => void;
  readonly streams: Streams | undefined;
}

/** What a shell says of a command that it cannot execute, and what the launcher says of itself. */
const EXEC_FAILED: ReadonlySet<number> = new Set([126, 127]);
const LAUNCHER_FAILED: ReadonlySet<number> = new Set([1, 125, 126, 127]);
const KILLED = 137;
const LOG_BYTES_MAX = 65_536;

export async function launch(request: LaunchRequest, moments: Moments, context: LaunchContext): Promise<RunResult> {
  const { session, tools, identity, programs, terminal } = request;
  const restoreTerminal = terminal === undefined ? undefined : await keepCallerTerminal({ sh: tools.sh, stty: terminal.stty });
  const logFile = await openLog(session.path);
  try {
    const chain = startChain({
      tools,
      identity,
      isolation: request.config,
      mapping: request.mapping,
      session: session.path,
      logFd: logFile.fd,
      streams: context.streams,
      programs,
      terminal: terminal?.script,
    });
    const networks = openNetworks(moments, session.id);
    try {
      const prepared = await prepareIn(chain, request, { ...context, readLog });
      const drivers = watchPrograms(chain, { image: request.config.image, stop: context.stop });
      const attended = { ...context, stop: drivers };
      const { verdict, ...started } = await startCommand(
        chain,
        { ...request, prepared },
        { ...attended, readLog, attach: networks.attach },
      );
      const hasRun = verdict === 'ran' || (verdict === 'either' && !LAUNCHER_FAILED.has(await waitForExitCode(chain)));
      return hasRun
        ? await accompany(chain, { ...request, ...started }, { moments, context: attended })
        : await reportUnexecuted(chain, { session, entry: prepared.entry, readLog });
    } finally {
      await chain.kill();
      await restoreTerminal?.();
      await networks.detach();
    }
  } finally {
    await logFile.close();
  }

  async function readLog(): Promise<string> {
    const { buffer, bytesRead } = await logFile.read({ buffer: Buffer.alloc(LOG_BYTES_MAX), position: 0 });
    return buffer.toString('utf8', 0, bytesRead);
  }
}

type Processes = Pick<Start, 'command' | 'ancestor'> & { readonly init: ProcessStatus };
type ReadLog = { readonly readLog: () => Promise<string> };

/** Until PID 1 mounts the container's own; what drivers mount is there by then. */
async function prepareIn(chain: Chain, request: LaunchRequest, { stop, readLog }: LaunchContext & ReadLog): Promise<PreparedContainer> {
  try {
    const prepared = await request.prepare(chain);
    if (prepared.stage !== undefined) {
      await attendStage(chain, prepared.stage, stop);
      chain.go();
    }
    return prepared;
  } catch (thrown) {
    // What the mounts' own programs have said explains more than that they are gone.
    if (!(thrown instanceof ChainEnded)) throw thrown;
    throw explainFailure(chain.reports, { log: await readLog(), session: request.session.path });
  }
}

/** Aborted when the run is to stop, and when a program of a driver ends: what it had mounted is dead. */
function watchPrograms(chain: Chain, { image, stop }: { image: string; stop: AbortSignal }): AbortSignal {
  const ended = new AbortController();
  chain.watchPrograms((program) => {
    const code = chain.reports.drivers.get(program);
    const why = `its program ended with code ${code ?? '?'} while the container ran`;
    ended.abort(imageDriverFailed(image, why, chain.readOutput(program), { hasRun: true }));
  });
  return AbortSignal.any([stop, ended.signal]);
}

async function startCommand(
  chain: Chain,
  { session, prepared, controlGroup, config, programs }: Prepared,
  { signals, stop, readLog, attach }: LaunchContext & ReadLog & Pick<Networks, 'attach'>,
): Promise<Start & Processes> {
  await (programs === 0 ? untilStopped(chain.ready, stop) : answerOf(chain.ready, { image: config.image, stop }));
  if (!chain.reports.ready) throw explainFailure(chain.reports, { log: await readLog(), session: session.path });
  const { init, parent, command: shell } = chain.findProcesses();
  await refuseStrayMounts(init.pid, prepared.mountPoints);
  await controlGroup?.add(shell.pid);
  await untilStopped(attach(init), stop);
  signals.hold();
  return { init, ...(await untilStopped(prepared.entry.start({ chain, init, parent, shell }), stop)) };
}

interface Networks {
  readonly attach: (init: ProcessStatus) => Promise<void>;
  /** Also where nobody waited for `attach` to end. Idempotent. */
  readonly detach: () => Promise<void>;
}

function openNetworks({ attach }: Moments, id: string): Networks {
  let attached: ReturnType<NonNullable<Moments['attach']>> | undefined;
  return {
    async attach({ pid, startTicks }) {
      attached = attach?.({ id, init: { pid, startTicks } });
      await attached;
    },
    async detach() {
      await (await attached?.catch(() => undefined))?.detach();
    },
  };
}

/**
 * The places were resolved before they were mounted. Whoever may write to the image could have put a symbolic link there
 * in between, and a mount would have gone astray on the host's side; nothing of the host has been run since.
 */
async function refuseStrayMounts(pid: number, expected: readonly string[]): Promise<void> {
  const found = new Set((await readMountTable(pid)).map((mount) => mount.point));
  const missing = expected.find((point) => !found.has(point));
  if (missing !== undefined) throw imageChanged(missing.replace(/^.*?\/root(?=\/|$)/, ''));
}

/** The command runs: tells everyone, passes signals on, and waits for its end. */
async function accompany(
  chain: Chain,
  { session, config, uid, init, command, ancestor }: LaunchRequest & Processes,
  { moments, context }: { moments: Moments; context: LaunchContext },
): Promise<RunResult> {
  const container: Container = {
    id: session.id,
    image: config.image,
    command: config.command,
    pid: command.pid,
    startedAt: Date.now(),
    uid,
  };
  const startMs = performance.now();
  const runMs = (): number => performance.now() - startMs;
  const end = waitForExitCode(chain).then((exitCode) => ({ exitCode, runMs: runMs() }));
  let observation: Observation | undefined;
  const unobserved: string[] = [];
  moments.reach?.(reachProcesses({ id: session.id, init, command, ancestor }));
  const control = startControl({ moments, container, command, runMs });
  context.signals.forward((signal) => {
    if (control === undefined) forwardSignal(command, signal);
    else control.signal(signal);
    if (observation === undefined) unobserved.push(signal);
    else observation.signal(signal);
  });
  const endedEarly = control?.ended ?? new Promise<never>(() => undefined);
  try {
    await untilStopped(Promise.race([moments.started?.(container), endedEarly]), context.stop);
    observation = startObservation({ moments, container, command, runMs, log: context.log });
    for (const signal of unobserved) observation?.signal(signal);
    const decided = await untilStopped(Promise.race([end.then(() => undefined), endedEarly]), context.stop);
    if (decided !== undefined) return { ...decided, runMs: runMs() };
    return control === undefined ? await end : await untilStopped(control.finish({ type: 'exit', ...(await end) }), context.stop);
  } finally {
    control?.close();
    await chain.kill();
    await observation?.close({ type: 'exit', ...(await end) });
  }
}

interface ControlledContainer {
  readonly moments: Moments;
  readonly container: Container;
  readonly command: ProcessStatus;
  readonly runMs: () => number;
}

function startControl({ moments: { controller }, container, command, runMs }: ControlledContainer): Control | undefined {
  if (controller === undefined) return undefined;
  return openControl({
    decide: (event) => controller.decide(container, event),
    onLost: (why) => controller.lost(why),
    forward: (signal) => forwardSignal(command, signal),
    send: (signal) => signalQuietly(command, signal),
    takeSample: () => takeSample(command, runMs),
  });
}

interface ObservationRequest extends ControlledContainer {
  readonly log: (line: string) => void;
}

function startObservation({ moments, container, command, runMs, log }: ObservationRequest): Observation | undefined {
  const tell = moments.observe?.bind(moments, container);
  return tell === undefined ? undefined : observe({ tell, takeSample: () => takeSample(command, runMs), log });
}

function takeSample(command: ProcessStatus, runMs: () => number): (ContainerEvent & { type: 'sample' }) | undefined {
  const use = findProcessUse(command);
  return use === undefined ? undefined : { type: 'sample', ...use, runMs: runMs() };
}

async function reportUnexecuted(
  chain: Chain,
  { session, entry, readLog }: { session: Session; entry: Entry } & ReadLog,
): Promise<RunResult> {
  const exitCode = await waitForExitCode(chain);
  if (entry.explain !== undefined && exitCode <= 128) return { exitCode: await entry.explain(), runMs: 0 };
  if (EXEC_FAILED.has(exitCode) || exitCode > 128) return { exitCode, runMs: 0 };
  const failure = explainFailure(chain.reports, { log: await readLog(), session: session.path });
  throw chain.reports.exec ? launchFailed('one of the steps that lead to it failed, and has said why above') : failure;
}

/** A chain that ended without a word was killed. */
async function waitForExitCode(chain: Chain): Promise<number> {
  await chain.ended;
  return chain.reports.exitCode ?? KILLED;
}
