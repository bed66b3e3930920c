/**
 * A service manager of the system as a launcher. What is registered is what is on disk:
 *
 *      KEPT/launcher.json               which manager has the services of this root; bulkhead's own daemon where it is not there
 *      KEPT/com.bulkhead.hydra.1/
 *          managed.json                 what it is; there before the manager knows of it, and until it does no more
 *      …/com.bulkhead.hydra.1.service   what the manager reads; it says where
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { removeIfThere, writeStaged } from '#base/staged-file.js';
import type { Registered, ServiceStatus } from '../control.js';
import {
  endpointsOf,
  labelOfService,
  LABEL,
  serviceDefinition,
  stateDirectoryOf,
  type Endpoint,
  type ServiceDefinition,
} from '../definition.js';
import { serviceErrors } from '../errors.js';
import { findJson, removeFile, writeJson } from '../json-file.js';
import { keeperLimits } from '../keeper/limits.js';
import { openOwnDirectory, openPlaces, serviceDirectory, type ServicePlaces } from '../places.js';
import { openPluginState } from '../plugin-state.js';
import type { Launcher } from './launcher.js';

const LOOK_EVERY_MS = 100;
/** Until a program runs, or the manager has given it up. */
const READY_MS = keeperLimits.startMs + keeperLimits.stopMs + 5_000;

export interface ManagedFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
}

export interface ManagedService {
  readonly definition: ServiceDefinition;
  readonly label: string;
  readonly endpoints: readonly Endpoint[];
  readonly stateDirectory: string;
  /** The registration's, 0700. */
  readonly directory: string;
}

export type ManagedState = Pick<ServiceStatus, 'state' | 'pid' | 'restarts' | 'lastEnd'>;

export interface Manager {
  readonly kind: 'systemd' | 'launchd';
  /** Rejects where it cannot be reached. */
  probe(): Promise<void>;
  /** What it has to read. Pure; throws where something cannot be said to it. */
  describe(service: ManagedService): readonly ManagedFile[];
  /** After the files are written: it listens at the endpoints, and starts what is to start at once. */
  load(service: ManagedService): Promise<void>;
  /** Whether it still knows of it: after the machine has started again it may not. */
  isLoaded(service: ManagedService): Promise<boolean>;
  /** Ends the program, and listens no more. Idempotent. */
  unload(service: ManagedService): Promise<void>;
  /** After files were removed. */
  forget(): Promise<void>;
  start(service: ManagedService): Promise<void>;
  stop(service: ManagedService): Promise<void>;
  look(service: ManagedService): Promise<ManagedState>;
}

const managed = v.strictObject({ definition: serviceDefinition });
export const managedFile = (directory: string): string => join(directory, 'managed.json');

export function describeManaged(definition: ServiceDefinition, places: ServicePlaces): ManagedService {
  const label = labelOfService(definition);
  return {
    definition,
    label,
    endpoints: endpointsOf(definition, places),
    stateDirectory: stateDirectoryOf(definition, places),
    directory: serviceDirectory(places, label),
  };
}

export function openManaged(manager: Manager, places: ServicePlaces): Launcher {
  const find = async (label: string): Promise<ManagedService | undefined> => {
    const found = await findJson(managedFile(serviceDirectory(places, label)), managed);
    return found && labelOfService(found.definition) === label ? describeManaged(found.definition, places) : undefined;
  };
  const get = async (label: string): Promise<ManagedService> => {
    const found = await find(label);
    if (found === undefined || !(await manager.isLoaded(found))) throw serviceErrors.notRegistered(label);
    return found;
  };
  const removeFiles = async (service: ManagedService): Promise<void> => {
    for (const { path } of manager.describe(service)) await removeIfThere(path);
    for (const { path } of service.endpoints) removeFile(path);
  };
  const forget = async ({ definition, directory }: ManagedService): Promise<void> => {
    if (definition.instance === undefined) removeFile(managedFile(directory));
    else await rm(directory, { recursive: true, force: true });
  };
  const remove = async (service: ManagedService): Promise<void> => {
    await manager.unload(service);
    await removeFiles(service);
    await manager.forget();
    await forget(service);
  };
  const add = async (service: ManagedService, files: readonly ManagedFile[]): Promise<void> => {
    await openOwnDirectory(service.directory);
    await openPluginState(service.definition, places);
    writeJson(managedFile(service.directory), { definition: service.definition });
    try {
      for (const { path, text } of files) {
        await mkdir(dirname(path), { recursive: true });
        // Among the variables may be the password of a proxy.
        await writeStaged(path, Buffer.from(text), 0o600);
      }
      await manager.load(service);
    } catch (thrown) {
      // What went wrong first is what is told.
      await manager.unload(service).catch(() => undefined);
      await removeFiles(service);
      await manager.forget().catch(() => undefined);
      await forget(service);
      throw thrown;
    }
  };

  return {
    kind: manager.kind,
    async register(definition) {
      await openPlaces(places);
      const service = describeManaged(definition, places);
      const there = await find(service.label);
      requireSameOwner(there?.definition, service);
      const files = manager.describe(service);
      const { endpoints } = service;
      const wasLoaded = there !== undefined && (await manager.isLoaded(there));
      if (wasLoaded && (await areOnDisk(files))) return { outcome: 'unchanged', endpoints };
      if (there !== undefined) await remove(there);
      await add(service, files);
      const outcome: Registered = wasLoaded ? 'changed' : 'registered';
      return { outcome, endpoints };
    },
    async deregister(label) {
      const service = await find(label);
      if (service !== undefined) await remove(service);
      return service !== undefined;
    },
    start: async (label) => manager.start(await get(label)),
    async awaitReady(label) {
      const service = await get(label);
      for (const deadlineMs = performance.now() + READY_MS; ; await delay(LOOK_EVERY_MS)) {
        const { state, lastEnd } = await manager.look(service);
        if (state === 'running') return;
        const why = state === 'failed' ? (lastEnd?.why ?? 'it failed') : performance.now() > deadlineMs ? 'it is not ready' : undefined;
        if (why !== undefined) throw serviceErrors.failed(service.definition.name, { label, why, said: [] });
      }
    },
    stop: async (label) => manager.stop(await get(label)),
    async list() {
      const found: ServiceStatus[] = [];
      for (const label of await listLabels(places)) {
        const service = await find(label);
        if (service !== undefined && (await manager.isLoaded(service))) found.push(toStatus(service, await manager.look(service)));
      }
      return found;
    },
    close: () => undefined,
  };
}

function requireSameOwner(there: ServiceDefinition | undefined, { label, definition }: ManagedService): void {
  if (there === undefined || (there.name === definition.name && there.instance === definition.instance)) return;
  throw serviceErrors.labelTaken(label, there);
}

async function areOnDisk(files: readonly ManagedFile[]): Promise<boolean> {
  for (const { path, text } of files) {
    if ((await readFile(path, 'utf8').catch(() => undefined)) !== text) return false;
  }
  return true;
}

function toStatus({ definition, label, endpoints }: ManagedService, state: ManagedState): ServiceStatus {
  const { name, instance, types, loadAtBoot, runAtLoad } = definition;
  return {
    label,
    name,
    ...(instance === undefined ? {} : { instance }),
    types,
    endpoints: [...endpoints],
    loadAtBoot,
    runAtLoad,
    failuresInARow: state.state === 'waiting' ? state.restarts + 1 : 0,
    ...state,
  };
}

async function listLabels({ kept }: ServicePlaces): Promise<string[]> {
  return (await readdir(kept).catch((): string[] => [])).filter((name) => LABEL.test(name)).toSorted();
}
