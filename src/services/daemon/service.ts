/**
 * One registered service, as the daemon has it:
 *
 *      idle       the daemon listens at its endpoints                      ◀── the keeper ends
 *        │  first connection, or somebody starts it                              ▲
 *        └──▶ kept      a keeper has the sockets, and says how it is in state.json
 */
import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, openSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '#base/errors.js';
import { findShipped } from '#base/shipped.js';
import { endpointsOf, labelOfService, stateDirectoryOf, type Endpoint, type ServiceDefinition } from '../definition.js';
import { serviceErrors } from '../errors.js';
import { findJsonSync, removeFile, writeJson } from '../json-file.js';
import { keeperLimits } from '../keeper/limits.js';
import { assignmentFile, keeperState, stateFile, type Assignment, type KeeperState } from '../keeper/state.js';
import { openPluginState } from '../plugin-state.js';
import { serviceDirectory, type ServicePlaces } from '../places.js';
import { isRunning, referToProcess, signalGroup, signalProcess, type ProcessReference } from '../processes.js';
import { carryOver, listenAt, type WaitingSocket } from '../sockets.js';

/** It does little: without these Node would keep more memory ready than it needs, as with the monitor of a container. */
const KEEPER_FLAGS = ['--max-semi-space-size=1', '--v8-pool-size=1'];
/** A keeper stops its program within `stopMs`, and then has little left to do. */
const KEEPER_STOP_MS = keeperLimits.stopMs + 5_000;
const KEEPER_KILL_MS = 5_000;
/** The end of a keeper that is no child of this daemon is seen only by looking. */
const LOOK_EVERY_MS = 500;
/** After a keeper was lost nobody is served for so long, twice as long each time: a connection that waits shall not start it again and again. */
const LOST_DELAY_MS = 500;
const LOST_DOUBLINGS_MAX = 6;

export interface ServiceContext {
  readonly places: ServicePlaces;
  /** What programs of services are given. */
  readonly environment: Readonly<Record<string, string>>;
  readonly note: (text: string) => void;
}

export class Service {
  readonly label: string;
  readonly directory: string;
  readonly endpoints: readonly Endpoint[];
  /** Emits with each change of `state`, and of whether it is kept. */
  readonly changes = new EventEmitter<{ change: [] }>();
  state: KeeperState | undefined;
  #sockets: WaitingSocket[] = [];
  #keeper: ProcessReference | undefined;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #keepersLost = 0;

  constructor(
    readonly definition: ServiceDefinition,
    readonly context: ServiceContext,
  ) {
    this.label = labelOfService(definition);
    this.directory = serviceDirectory(context.places, this.label);
    this.endpoints = endpointsOf(definition, context.places);
    this.changes.setMaxListeners(0);
  }

  get isKept(): boolean {
    return this.#keeper !== undefined;
  }

  /** What the keeper that is there has said; undefined where it has said nothing yet, or none is there. */
  get current(): KeeperState | undefined {
    return this.#keeper !== undefined && this.state?.keeper.pid === this.#keeper.pid ? this.state : undefined;
  }

  /** Listens; or takes over a keeper that a daemon before this one has left. Its directory is there. */
  async open(): Promise<'adopted' | 'idle'> {
    await openPluginState(this.definition, this.context.places);
    this.#readState();
    const { state } = this;
    if (state !== undefined && isRunning(state.keeper)) {
      this.#attend(state.keeper);
      return 'adopted';
    }
    this.#endOrphan();
    this.#listen();
    return 'idle';
  }

  /** Sees to it that a keeper is there. */
  start(): void {
    if (this.isKept || this.#isClosed) return;
    if (this.#sockets.length < this.endpoints.length) this.#listen();
    this.#launch();
  }

  /** Tells the keeper that somebody waits, by a signal that harms none which does not listen yet. */
  askForTry(): void {
    signalProcess(this.#keeper, 'SIGURG');
  }

  /** Ends program and keeper; a connection starts them again. */
  async stop(): Promise<void> {
    const keeper = this.#keeper;
    if (keeper === undefined) return;
    await endKeeper(keeper);
    this.#onKeeperGone(keeper, 'it was killed');
  }

  /** Ends program and keeper, and listens no more. Resolves when both are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#closeSockets();
    for (const { path } of this.endpoints) removeFile(path);
    const keeper = this.#keeper;
    if (keeper !== undefined) await endKeeper(keeper);
    this.#readState();
    this.#endOrphan();
    this.#forget();
  }

  #listen(): void {
    this.#closeSockets();
    this.#sockets = this.endpoints.map((endpoint) =>
      listenAt(endpoint, (connection) => {
        // At once: who comes next shall find the keeper's end of the socket alone.
        this.start();
        carryOver(connection, endpoint.path);
      }),
    );
  }

  #closeSockets(): void {
    for (const socket of this.#sockets) socket.close();
    this.#sockets = [];
  }

  /** Hands the sockets on to a keeper. Nothing here waits: a connection that comes meanwhile would be taken by nobody. */
  #launch(): void {
    try {
      const file = findShipped('services/keeper.js');
      if (file === undefined) throw serviceErrors.notBuilt();
      const told: Assignment = {
        definition: this.definition,
        stateDirectory: stateDirectoryOf(this.definition, this.context.places),
        sockets: this.#sockets.map(({ type, boundPath }) => ({ name: type, boundPath })),
        failuresInARow: this.state?.failuresInARow ?? 0,
      };
      writeJson(assignmentFile(this.directory), told);
      const log = openSync(join(this.directory, 'keeper.log'), 'w', 0o600);
      try {
        const child = spawn(process.execPath, [...KEEPER_FLAGS, file, this.directory], {
          cwd: '/',
          env: { ...this.context.environment },
          detached: true,
          stdio: ['ignore', log, log, ...this.#sockets.map(({ fd }) => fd)],
        });
        const keeper = referToProcess(child.pid);
        child.once('error', (thrown) => this.#onKeeperGone(keeper, `it cannot be started: ${messageOf(thrown)}`));
        child.once('exit', (code, signal) => this.#onKeeperGone(keeper, signal ?? `exit code ${code}`));
        if (keeper !== undefined) this.#attend(keeper);
      } finally {
        closeSync(log);
        this.#closeSockets();
      }
    } catch (thrown) {
      this.context.note(`${this.label}: ${messageOf(thrown)}`);
      this.#closeSockets();
      this.#onKeeperGone(undefined, 'it never was there');
    }
  }

  /** Looks at what a keeper says, until it is gone. */
  #attend(keeper: ProcessReference): void {
    this.#keeper = keeper;
    const look = (): void => {
      this.#readState();
      if (!isRunning(keeper)) this.#onKeeperGone(keeper, 'its end was not seen');
    };
    this.#watch();
    clearInterval(this.#timer);
    this.#timer = setInterval(look, LOOK_EVERY_MS);
    this.changes.emit('change');
  }

  /** The machine may have no watch left; then what the keeper says is seen a little later. */
  #watch(): void {
    this.#watcher?.close();
    try {
      this.#watcher = watch(this.directory, { persistent: false }, (_event, name) => {
        if (name === 'state.json') this.#readState();
      });
      this.#watcher.on('error', () => undefined);
    } catch {
      this.#watcher = undefined;
    }
  }

  #readState(): void {
    const state = findJsonSync(stateFile(this.directory), keeperState);
    if (state === undefined) return;
    // Of a keeper before the one that runs.
    if (this.#keeper !== undefined && state.keeper.pid !== this.#keeper.pid) return;
    this.state = state;
    this.changes.emit('change');
  }

  /** Told twice of the same one, it does nothing. */
  #onKeeperGone(keeper: ProcessReference | undefined, why: string): void {
    if (this.#isClosed || this.#keeper !== keeper) return;
    this.#forget();
    this.#readState();
    const isOver = this.state?.phase === 'ended' && this.state.keeper.pid === keeper?.pid;
    this.#endOrphan();
    if (isOver) {
      this.#keepersLost = 0;
      this.#listenOrSay();
    } else {
      this.context.note(`${this.label}: its keeper was lost (${why})`);
      this.#timer = setTimeout(
        () => {
          this.#listenOrSay();
          if (this.definition.runAtLoad) this.start();
        },
        LOST_DELAY_MS * 2 ** Math.min(this.#keepersLost++, LOST_DOUBLINGS_MAX),
      );
    }
    this.changes.emit('change');
  }

  #listenOrSay(): void {
    try {
      this.#listen();
    } catch (thrown) {
      this.context.note(`${this.label}: cannot listen: ${messageOf(thrown)}`);
    }
  }

  /** A program whose keeper was killed: nobody writes down what it says, nor its end. */
  #endOrphan(): void {
    const { state } = this;
    if (state?.service === undefined || isRunning(state.keeper)) return;
    if (isRunning(state.service)) signalGroup(state.service.pid, 'SIGKILL');
    const lastEnd = { at: new Date().toISOString(), why: 'its keeper was killed' };
    this.state = { ...state, phase: 'ended', service: undefined, lastEnd, failuresInARow: state.failuresInARow + 1 };
    writeJson(stateFile(this.directory), this.state);
  }

  #forget(): void {
    this.#watcher?.close();
    clearInterval(this.#timer);
    this.#keeper = undefined;
  }
}

/** SIGTERM, and SIGKILL for one that does not listen. One that the kernel does not end, since it waits for a disk, is left to it. */
export async function endKeeper(keeper: ProcessReference): Promise<void> {
  signalProcess(keeper, 'SIGTERM');
  if (await isGoneWithin(keeper, KEEPER_STOP_MS)) return;
  signalProcess(keeper, 'SIGKILL');
  await isGoneWithin(keeper, KEEPER_KILL_MS);
}

async function isGoneWithin(keeper: ProcessReference, limitMs: number): Promise<boolean> {
  for (const deadlineMs = performance.now() + limitMs; isRunning(keeper); await delay(20)) {
    if (performance.now() > deadlineMs) return false;
  }
  return true;
}
