/** The services that are registered. What is done to one is done in order; none waits for another. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { messageOf } from '#base/errors.js';
import { isSameDefinition, LABEL, labelOfService, serviceDefinition, type ServiceDefinition } from '../definition.js';
import type { Registered } from '../control.js';
import { serviceErrors } from '../errors.js';
import { findJson, findJsonSync, removeFile, writeJson } from '../json-file.js';
import { assignmentFile, keeperState, stateFile } from '../keeper/state.js';
import { openOwnDirectory, serviceDirectory } from '../places.js';
import { isRunning, readBootId } from '../processes.js';
import { endKeeper, Service, type ServiceContext } from './service.js';

/** `definition.json`. */
export const registration = v.strictObject({
  definition: serviceDefinition,
  /** After the machine has started again, nothing is registered. */
  bootId: v.pipe(v.string(), v.maxLength(64)),
});
export const definitionFile = (directory: string): string => join(directory, 'definition.json');

export interface Registry {
  register(definition: ServiceDefinition): Promise<Registered>;
  /** Answers whether it was registered. Of an instance nothing is left then; the output of others stays. */
  deregister(label: string): Promise<boolean>;
  /** Throws SERVICE_NOT_REGISTERED. */
  get(label: string): Service;
  list(): Service[];
  /** Takes over what a daemon before this one has left; answers with the labels of those that run. */
  adopt(): Promise<string[]>;
  close(): Promise<void>;
}

export function openRegistry(context: ServiceContext): Registry {
  const { places } = context;
  const services = new Map<string, Service>();
  const turns = new Map<string, Promise<unknown>>();

  async function inTurn<T>(label: string, work: () => Promise<T>): Promise<T> {
    const turn = (turns.get(label) ?? Promise.resolve()).then(work, work);
    turns.set(label, turn);
    try {
      return await turn;
    } finally {
      if (turns.get(label) === turn) turns.delete(label);
    }
  }

  async function open(definition: ServiceDefinition): Promise<void> {
    const service = new Service(definition, context);
    await openOwnDirectory(service.directory);
    // First: whoever comes after a kill shall know of what was started.
    writeJson(definitionFile(service.directory), { definition, bootId: readBootId() } satisfies v.InferInput<typeof registration>);
    try {
      await service.open();
    } catch (thrown) {
      removeFile(definitionFile(service.directory));
      throw thrown;
    }
    services.set(service.label, service);
    if (definition.runAtLoad) service.start();
  }

  async function close(label: string, isOutputKept = false): Promise<boolean> {
    const service = services.get(label);
    if (service === undefined) return false;
    services.delete(label);
    await service.close();
    await forgetService(service.directory, !isOutputKept && service.definition.instance !== undefined);
    return true;
  }

  async function adoptOne(label: string): Promise<boolean> {
    const directory = serviceDirectory(places, label);
    const found = await findJson(definitionFile(directory), registration);
    if (found === undefined || labelOfService(found.definition) !== label || found.bootId !== readBootId()) {
      const keeper = findJsonSync(stateFile(directory), keeperState)?.keeper;
      if (isRunning(keeper)) await endKeeper(keeper);
      await forgetService(directory, false);
      return false;
    }
    const service = new Service(found.definition, context);
    const outcome = await service.open();
    services.set(label, service);
    if (outcome === 'idle' && found.definition.runAtLoad) service.start();
    return outcome === 'adopted';
  }

  return {
    register: (definition) =>
      inTurn(labelOfService(definition), async () => {
        const label = labelOfService(definition);
        const there = services.get(label)?.definition;
        if (there !== undefined && (there.name !== definition.name || there.instance !== definition.instance)) {
          throw serviceErrors.labelTaken(label, there);
        }
        if (there !== undefined && isSameDefinition(there, definition)) return 'unchanged';
        await close(label, true);
        await open(definition);
        return there === undefined ? 'registered' : 'changed';
      }),
    deregister: (label) => inTurn(label, () => close(label)),
    get(label) {
      const service = services.get(label);
      if (service === undefined) throw serviceErrors.notRegistered(label);
      return service;
    },
    list: () => [...services.values()].toSorted((a, b) => (a.label < b.label ? -1 : 1)),
    async adopt() {
      const adopted: string[] = [];
      for (const label of (await readdir(places.kept)).filter((name) => LABEL.test(name))) {
        try {
          if (await adoptOne(label)) adopted.push(label);
        } catch (thrown) {
          context.note(`${label} cannot be taken over: ${messageOf(thrown)}`);
        }
      }
      return adopted;
    },
    async close() {
      await Promise.all([...services.keys()].map((label) => inTurn(label, () => close(label, true))));
    },
  };
}

/** It is not registered any more. What it wrote stays to be looked at, unless nothing shall. */
export async function forgetService(directory: string, isWhole: boolean): Promise<void> {
  removeFile(definitionFile(directory));
  if (isWhole) await rm(directory, { recursive: true, force: true });
  else for (const file of [stateFile(directory), assignmentFile(directory)]) removeFile(file);
}
