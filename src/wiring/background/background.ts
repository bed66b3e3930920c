/**
 * Containers in the background: made, and started as often as somebody wants.
 *
 *      create ─▶ record (created)            run --detach ─▶ record (starting) ─┐
 *      start ──▶ record, parsed again ──────────────────────────────────────────┴─▶ monitor [─▶ plugin host]
 */
import { fromPlainError } from '#base/plain-error.js';
import { splitClaim, type Outline } from '#catalog/catalog.js';
import {
  createRecord,
  findPlace,
  openContainer,
  readRecord,
  referToProcess,
  removeRecord,
  requireInteractive,
  type ContainerPlace,
  type ContainerRecord,
} from '#containers/containers.js';
import type { RunRequest } from '#engine/engine.js';
import { monitorErrors, startMonitor, type Outcome, type StartedMonitor } from '#monitor/monitor.js';
import type { Invocation } from '../around-command.js';
import { networkPlace } from '../join-networks.js';
import { keptOptions, machineOptions } from '../machine-options.js';
import type { NewContainer } from '../new-container.js';
import { requireRuntime } from '../require-runtime.js';
import { driverCallbacks, runCallbacks } from '../required.js';
import { concernsRun, typedProviders } from '../run.js';
import { isHosts, typedRuntime } from '../runtimes.js';
import type { Scene } from '../scene.js';
import type { Settings } from '../settings.js';

/** A container that runs, or how it ended before it did. */
export interface BackgroundStart {
  readonly id: string;
  /** Absent where it runs. */
  readonly early?: { readonly exitCode: number; readonly said: string } | undefined;
  /** Resolves with its exit code when it has ended; only where somebody stays for that. */
  readonly ended: Promise<number>;
  /** There is no more for it to read. */
  endInput(): void;
  /** Nobody stays. */
  release(): void;
}

/** Makes a container, and starts nothing. Answers with its id. */
export async function createContainer(scene: Scene, args: readonly string[], told: NewContainer): Promise<string> {
  const place = await createRecord(scene.paths.containers, describe(args, told), { isKept: true });
  try {
    await keepImage(scene, { image: args[0] ?? '', place, name: told.name });
  } catch (thrown) {
    await removeRecord(place);
    throw thrown;
  }
  return place.id;
}

/** Until its record goes. Images of layouts and archives are where they are; those of plugins are theirs. */
async function keepImage(
  { paths }: Scene,
  { image, place, name = place.id }: { image: string; place: ContainerPlace; name?: string | undefined },
) {
  const [, rest] = /^docker:([^]*)$/.exec(image) ?? [];
  if (rest === undefined) return;
  const { keepRunnableImage } = await import('#images/images.js');
  await keepRunnableImage({ scheme: 'docker', rest, directory: paths.images, holder: `container ${name}`, keptWhile: place.path });
}

/** Resolves when the command runs. Where it cannot, nothing is left, and it throws what it would throw in the foreground. */
export async function runInBackground(scene: Scene, invocation: Invocation<RunRequest>, told: NewContainer): Promise<BackgroundStart> {
  const place = await createRecord(scene.paths.containers, describe(invocation.args, told), {
    isKept: true,
    // Until the monitor has its own state this process stands for it.
    state: { status: 'starting', monitor: referToProcess(process.pid) },
  });
  try {
    return await begin(scene, invocation, { ...told, place, isNew: true, cwd: told.invocation.cwd });
  } catch (thrown) {
    await removeRecord(place);
    throw thrown;
  }
}

/** The record of the container that is meant. */
export async function readContainer(scene: Scene, what: string): Promise<ContainerRecord> {
  return readRecord(await findPlace(scene.paths.containers, what));
}

/** Starts it (again). Whatever is missing, the container stays as it is. `types`: somebody will type into it. */
export async function startContainer(
  scene: Scene,
  id: string,
  invocation: Invocation<RunRequest>,
  { types }: { readonly types: boolean },
): Promise<BackgroundStart> {
  const { place, record, status } = await openContainer(await findPlace(scene.paths.containers, id));
  if (status.status === 'running' || status.status === 'starting') throw monitorErrors.runsAlready(id);
  if (types) requireInteractive(record);
  await requireRuntime(scene, record.runtime);
  await requireTypedNetworks(scene, invocation);
  return begin(scene, invocation, { ...record, place, isNew: false, cwd: record.invocation.cwd });
}

/** Nothing has begun; the container stays for the next try. */
async function requireTypedNetworks(scene: Scene, { commandFlags: { network } }: Invocation<RunRequest>): Promise<void> {
  if (!Array.isArray(network) || network.every((name) => name === 'none' || name === 'host')) return;
  await (await import('../network-plugins.js')).requireNetworks(scene, network.map(String));
}

interface Start {
  readonly place: ContainerPlace;
  readonly isNew: boolean;
  readonly name?: string | undefined;
  readonly autoRemove: boolean;
  readonly interactive: boolean;
  readonly cwd: string;
}

async function begin(
  scene: Scene,
  invocation: Invocation<RunRequest>,
  { place, name, cwd, isNew, autoRemove, interactive }: Start,
): Promise<BackgroundStart> {
  const settings = await scene.settings();
  const { log } = scene;
  const hasPlugins = await takesPlugins(scene, settings, invocation);
  const { command, args, commandFlags, added } = invocation;
  const monitor = startMonitor({
    beginning: {
      id: place.id,
      directory: place.path,
      root: place.root,
      ...(hasPlugins ? {} : { request: await invocation.toRequest({}) }),
      options: { ...machineOptions(scene, settings), ...keptOptions(place, { name, autoRemove }) },
      networks: { ...networkPlace(scene), name },
      ...(hasPlugins && {
        plugins: {
          invocation: { command, args: [...args], commandFlags, added: { ...added } },
          pluginDirectories: givenDirectories(scene),
          builtinFlags: Object.fromEntries(Object.entries(scene.builtinFlags).map(([name, flags]) => [name, [...flags]])),
          isDebug: log.isDebug,
        },
      }),
      isNew,
      interactive,
      autoRemove,
      isDebug: log.isDebug,
    },
    cwd,
    answers: {
      request: ({ changed }) => invocation.toRequest(changed),
      say: ({ level, message }) => log.write(level, message),
      print: ({ text }) => scene.print(text),
    },
  });
  const early = await passingSignals(monitor, monitor.begun);
  const ended = monitor.ended.then(exitCodeOf);
  ended.catch(() => undefined);
  if (early === undefined) return { id: place.id, ended, endInput: () => monitor.endInput(), release: () => monitor.release() };
  monitor.release();
  return {
    id: place.id,
    early: { exitCode: exitCodeOf(early), said: early.said ?? '' },
    ended,
    endInput: () => undefined,
    release: () => undefined,
  };
}

/** Of `--plugin-dir`; those of the environment it finds again there. */
function givenDirectories({ place, paths }: Scene): string[] {
  const given = place.directories.filter(({ scope }) => scope === 'given').map(({ path }) => path);
  return given.slice(0, given.length - paths.extraPlugins.length);
}

function describe([image = '', ...command]: readonly string[], told: NewContainer) {
  return { ...told, image, command };
}

/** Throws where it was refused. */
function exitCodeOf({ result, fault }: Outcome): number {
  if (fault !== undefined) throw fromPlainError(fault);
  return result?.exitCode ?? 0;
}

/** Who interrupts the command line before the container runs means the container. */
async function passingSignals<Result>({ pid }: StartedMonitor, work: Promise<Result>): Promise<Result> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const pass = signals.map((signal) => ({ signal, listen: () => process.kill(pid, signal) }));
  for (const { signal, listen } of pass) process.on(signal, listen);
  try {
    return await work;
  } finally {
    for (const { signal, listen } of pass) process.off(signal, listen);
  }
}

/** Whether the catalog's outline, or what the operator demands of it, leaves anything to do for a plugin. */
async function takesPlugins(scene: Scene, settings: Settings, invocation: Invocation<RunRequest>): Promise<boolean> {
  const runtime = typedRuntime(invocation);
  // Of an installed plugin, or of a bundle.
  if (runtime !== undefined && !isHosts(runtime, settings)) return true;
  const { installations, problems } = await scene.outlines();
  if (problems.length > 0 || settings['required-plugins'].length > 0 || settings['image-driver'] !== undefined) return true;
  if ((await typedProviders(scene, invocation)).length > 0) return true;
  return installations.some((outline) => concernsRun(outline, invocation, []) && !isIdleDriver(outline, invocation));
}

/** A driver of images of another scheme, and nothing else. */
function isIdleDriver(outline: Outline, invocation: Invocation<RunRequest>): boolean {
  const { callbacks, claims, onFailure } = outline;
  const [image = ''] = invocation.args;
  const mayDoMore = [...runCallbacks, 'userMapping', 'beforeCommand', 'afterCommand'].some((name) => callbacks.includes(name));
  const drives = claims.some((claim) => {
    const { kind, word } = splitClaim(claim);
    return kind === 'feature' || (kind === 'scheme' && image.startsWith(`${word}:`));
  });
  return (
    !mayDoMore && !drives && onFailure !== 'required' && callbacks.some((name) => (driverCallbacks as readonly string[]).includes(name))
  );
}
