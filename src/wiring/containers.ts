/** The verbs on containers, as the command line calls them. No code of a plugin runs, and nothing is started. */
import {
  copy,
  findPlace,
  listContainers,
  openContainer,
  openContainerInput,
  parseFilters,
  parseSignal,
  pruneContainers,
  readOutput,
  removeContainer,
  requireRunning,
  signalContainer,
  stopContainer,
  waitForExit,
  watchStats,
  type Container,
  type ContainerInput,
  type ContainerStats,
  type CopySide,
  type OutputOptions,
  type OutputPart,
  type Pruned,
  type RemoveOptions,
} from '#containers/containers.js';
import { findTerminalTools, keepCallerTerminal, makeCallerTerminalRaw, readTool, sweepKilled, type Swept } from '#engine/engine.js';
import { messageOf } from '#base/errors.js';
import { machineOptions } from './machine-options.js';
import type { Scene } from './scene.js';

/** Each takes a name, an id, or so much of an id as no other's begins with. */
export interface ContainerCommands {
  /** Of those that pass each filter, as `label=KEY=VALUE`; see FILTER_INVALID. */
  list(options?: ListOptions): Promise<ContainerReport>;
  inspect(what: string): Promise<ContainerDescription>;
  /** Of one that runs; throws for any other. */
  requireRunning(what: string): Promise<ContainerDescription>;
  output(what: string, options: Omit<OutputOptions, 'warn'>): AsyncIterable<OutputPart>;
  /** `signal` as it was typed. */
  stop(what: string, options: { readonly signal: string; readonly timeoutMs: number }): Promise<void>;
  kill(what: string, options: { readonly signal: string }): Promise<void>;
  /** Until it has ended; its exit code. */
  wait(what: string, signal?: AbortSignal): Promise<number>;
  /** What types into one in the background; where that has a terminal, the caller's is raw until it is closed. */
  input(what: string): Promise<TypedInput>;
  remove(what: string, options: RemoveOptions): Promise<void>;
  prune(): Promise<PruneReport>;
  /** Between the host and a container that runs; one of the two is one. */
  copy(source: CopyPlace, destination: CopyPlace, options: { readonly followLink: boolean }): Promise<void>;
  /** Of all that run where none is named; once a second. */
  stats(what: readonly string[]): AsyncIterable<ContainerStats[]>;
}

export interface ListOptions {
  readonly filters: readonly string[];
  /** Also those that do not run; where a filter names a status, all that have it. */
  readonly all: boolean;
}

export type { ContainerStats, OutputPart } from '#containers/containers.js';

export interface TypedInput extends Omit<ContainerInput, 'close'> {
  /** Whether it has a terminal. */
  readonly tty: boolean;
  close(): Promise<void>;
}

export interface CopyPlace {
  /** The host where it is absent. */
  readonly container?: string | undefined;
  /** Of the host: absolute. */
  readonly path: string;
}

/** A container as it is, for `--json`. */
export interface ContainerDescription {
  readonly id: string;
  readonly name: string | undefined;
  readonly image: string;
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly status: Container['status']['status'];
  readonly exitCode: number | undefined;
  readonly reason: string | undefined;
  readonly createdAt: string;
  readonly startedAt: string | undefined;
  readonly finishedAt: string | undefined;
  /** On the host, of its command; only while it runs. */
  readonly pid: number | undefined;
  readonly autoRemove: boolean;
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly runtime: string | undefined;
  readonly invocation: Container['record']['invocation'];
  readonly directory: string;
}

export interface ContainerReport {
  readonly containers: readonly ContainerDescription[];
  readonly problems: readonly { readonly id: string; readonly why: string }[];
}

/** With what killed runs had in memory, and their control groups. */
export type PruneReport = Pruned & Swept;

export function openContainers({ paths, log }: Scene): ContainerCommands {
  const roots = paths.containers;
  const find = (what: string) => findPlace(roots, what);
  const warn = (line: string): void => log.write('warning', line);
  const openSide = async ({ container, path }: CopyPlace): Promise<CopySide> =>
    container === undefined ? { path } : { container: await openContainer(await find(container)), path };
  return {
    async list({ filters, all } = { filters: [], all: true }) {
      const { isMeant, namesStatus } = parseFilters(filters);
      const { containers, problems } = await listContainers(roots);
      const isShown = ({ status }: ContainerDescription): boolean => all || namesStatus || status === 'running' || status === 'starting';
      return {
        containers: containers.map(describe).filter((container) => isShown(container) && isMeant(container)),
        problems: problems.map(({ place, error }) => ({ id: place.id, why: messageOf(error) })),
      };
    },
    inspect: async (what) => describe(await openContainer(await find(what))),
    async requireRunning(what) {
      const container = await openContainer(await find(what));
      requireRunning(container);
      return describe(container);
    },
    async *output(what, options) {
      yield* readOutput(await find(what), { ...options, warn });
    },
    async stop(what, { signal, timeoutMs }) {
      const number = parseSignal(signal);
      await stopContainer(await find(what), { signal: number, timeoutMs });
    },
    async kill(what, { signal }) {
      const number = parseSignal(signal);
      signalContainer(await openContainer(await find(what)), number);
    },
    wait: async (what, signal) => waitForExit(await find(what), signal),
    async input(what) {
      const container = await openContainer(await find(what));
      const input = openContainerInput(container);
      const { tty } = container.record;
      const restore = tty ? await takeTerminal() : undefined;
      return {
        ...input,
        tty,
        async close() {
          input.close();
          await restore?.();
        },
      };
    },
    remove: async (what, options) => removeContainer(await find(what), options),
    prune: async () => ({ ...(await pruneContainers(roots)), ...(await sweepKilled(machineOptions({ paths }))) }),
    async copy(source, destination, options) {
      await copy(await openSide(source), await openSide(destination), { ...options, warn });
    },
    async *stats(what) {
      yield* watchStats(roots, await Promise.all(what.map(find)));
    },
  };
}

async function takeTerminal(): Promise<() => Promise<void>> {
  const tools = { sh: await readTool('sh'), stty: (await findTerminalTools()).stty };
  const restore = await keepCallerTerminal(tools);
  await makeCallerTerminalRaw(tools);
  return restore;
}

function describe({ place, record, state, status }: Container): ContainerDescription {
  const { id, name, image, command, labels = {}, createdAt, autoRemove, tty, interactive, runtime, invocation } = record;
  const { startedAt, finishedAt } = state;
  const pid = status.status === 'running' ? state.command?.pid : undefined;
  const { exitCode, reason } = status;
  return {
    ...{ id, name, image, command, labels, status: status.status, exitCode, reason, createdAt, startedAt, finishedAt, pid },
    ...{ autoRemove, tty, interactive, runtime, invocation, directory: place.path },
  };
}
