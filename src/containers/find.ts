/** Which containers there are, and which one is meant. */
import { readdir } from 'node:fs/promises';
import * as v from 'valibot';
import { containerErrors } from './errors.js';
import { findOwner } from './names.js';
import { placeOf, readRecord, readState } from './record.js';
import { hasRoot, isThere } from './root.js';
import {
  containerId,
  containerName,
  type ContainerPlace,
  type ContainerRecord,
  type ContainerRoots,
  type ContainerState,
} from './shapes.js';
import { judgeStatus, type TrueStatus } from './status.js';

export interface Container {
  readonly place: ContainerPlace;
  readonly record: ContainerRecord;
  /** As it was written. */
  readonly state: ContainerState;
  /** As it is. */
  readonly status: TrueStatus;
}

/** One that cannot be read; it hides no other. */
export interface ContainerProblem {
  readonly place: ContainerPlace;
  readonly error: unknown;
}

export interface ContainerList {
  /** The youngest first. */
  readonly containers: readonly Container[];
  readonly problems: readonly ContainerProblem[];
}

const PREFIX = /^[a-z0-9]{2,12}$/;

export async function listContainers(roots: ContainerRoots): Promise<ContainerList> {
  const containers: Container[] = [];
  const problems: ContainerProblem[] = [];
  for (const place of await listPlaces(roots)) {
    try {
      const container = await findContainer(place);
      if (container !== undefined) containers.push(container);
    } catch (error) {
      problems.push({ place, error });
    }
  }
  const youngestFirst = containers.toSorted((a, b) => b.record.createdAt.localeCompare(a.record.createdAt));
  return { containers: youngestFirst, problems };
}

/** By its id, its name, or so much of its id as no other's begins with; throws where there is none, or several. Does not read it. */
export async function findPlace(roots: ContainerRoots, what: string): Promise<ContainerPlace> {
  const places = await listPlaces(roots);
  const byId = places.find(({ id }) => id === what);
  if (byId !== undefined) return byId;
  const owner = v.is(containerName, what) && (await hasRoot(roots.kept)) ? await findOwner(roots.kept, what) : undefined;
  const byName = places.find(({ id }) => id === owner);
  if (byName !== undefined) return byName;
  const [found, another] = PREFIX.test(what) ? places.filter(({ id }) => id.startsWith(what)) : [];
  if (another !== undefined) throw containerErrors.ambiguous(what);
  if (found === undefined) throw containerErrors.notFound(what);
  return found;
}

/** Throws where it is damaged, and where it is not there. */
export async function openContainer(place: ContainerPlace): Promise<Container> {
  const container = await findContainer(place);
  if (container === undefined) throw containerErrors.notFound(place.id);
  return container;
}

/** Undefined where it is not there (any more); throws where it is damaged. */
export async function findContainer(place: ContainerPlace): Promise<Container | undefined> {
  try {
    const record = await readRecord(place);
    const state = await readState(place);
    const status = judgeStatus(state);
    if (status.status !== 'stopped' || state.status === 'stopped') return { place, record, state, status };
    // Its processes are gone, which they may be since a moment ago: what they wrote last is what counts.
    const last = await readState(place);
    return { place, record, state: last, status: judgeStatus(last) };
  } catch (thrown) {
    // It may have been removed in this very moment, between two files.
    if (await isThere(place.path)) throw thrown;
    return undefined;
  }
}

async function listPlaces({ kept, passing }: ContainerRoots): Promise<ContainerPlace[]> {
  const places = await Promise.all(
    [kept, passing].map(async (root) => {
      const names = (await hasRoot(root)) ? await readdir(root) : [];
      return names.filter((name) => v.is(containerId, name)).map((id) => placeOf(root, id));
    }),
  );
  return places.flat();
}
