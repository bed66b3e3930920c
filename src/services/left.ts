/** Services without a daemon: what one that was killed, or never was there, has left. By what the keepers have written down. */
import { readdir } from 'node:fs/promises';
import type { ServiceStatus } from './control.js';
import { definitionFile, forgetService, registration } from './daemon/registry.js';
import { endKeeper } from './daemon/service.js';
import { endpointsOf, LABEL, type ServiceDefinition } from './definition.js';
import { findJson, removeFile } from './json-file.js';
import { keeperState, stateFile } from './keeper/state.js';
import { controlSocket, serviceDirectory, type ServicePlaces } from './places.js';
import { isRunning, signalGroup } from './processes.js';

/** Those that run. */
export async function listLeftServices(places: ServicePlaces): Promise<ServiceStatus[]> {
  const found: ServiceStatus[] = [];
  for (const label of await listLabels(places)) {
    const directory = serviceDirectory(places, label);
    const definition = (await findJson(definitionFile(directory), registration))?.definition;
    const state = await findJson(stateFile(directory), keeperState);
    if (definition === undefined || state === undefined || !isRunning(state.keeper)) continue;
    const { name, instance, types, loadAtBoot, runAtLoad } = definition;
    const { phase, service, startedAt, restarts, failuresInARow, lastEnd, nextTryAt } = state;
    found.push({
      label,
      name,
      ...(instance === undefined ? {} : { instance }),
      types,
      endpoints: endpointsOf(definition, places),
      loadAtBoot,
      runAtLoad,
      state: phase,
      ...(service === undefined ? {} : { pid: service.pid, startedAt }),
      restarts,
      failuresInARow,
      ...(lastEnd === undefined ? {} : { lastEnd }),
      ...(nextTryAt === undefined ? {} : { nextTryAt }),
    });
  }
  return found;
}

/** Ends them, or those that are meant; answers with their labels. Idempotent. */
export async function endLeftServices(places: ServicePlaces, isMeant?: (definition: ServiceDefinition) => boolean): Promise<string[]> {
  const ended: string[] = [];
  for (const label of await listLabels(places)) {
    const directory = serviceDirectory(places, label);
    const definition = (await findJson(definitionFile(directory), registration))?.definition;
    if (isMeant !== undefined && (definition === undefined || !isMeant(definition))) continue;
    const state = await findJson(stateFile(directory), keeperState);
    if (isRunning(state?.keeper)) {
      await endKeeper(state.keeper);
      ended.push(label);
    }
    if (isRunning(state?.service)) signalGroup(state.service.pid, 'SIGKILL');
    for (const { path } of definition === undefined ? [] : endpointsOf(definition, places)) removeFile(path);
    await forgetService(directory, false);
  }
  if (isMeant === undefined) removeFile(controlSocket(places));
  return ended;
}

async function listLabels({ kept }: ServicePlaces): Promise<string[]> {
  return (await readdir(kept).catch((): string[] => [])).filter((name) => LABEL.test(name)).toSorted();
}
