/** Removes what killed processes left. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeOwnedTree } from '#engine/engine.js';
import { hasMonitor } from './claims.js';
import { listContainers } from './find.js';
import { sweepNames } from './names.js';
import { readOwnedName } from './owner.js';
import { removeRecord } from './record.js';
import { hasRoot } from './root.js';
import type { ContainerRoots } from './shapes.js';
import { hasEnded } from './status.js';

/**
 * Containers half made or half removed, claims of names without a container, and containers that were to be removed at their end
 * and whose monitor was killed before. Answers with the ids of these last ones. Idempotent, and safe beside others that do the same.
 */
export async function sweepRecords(roots: ContainerRoots): Promise<string[]> {
  for (const root of [roots.kept, roots.passing]) {
    if (!(await hasRoot(root))) continue;
    for (const name of await readdir(root)) if (readOwnedName(name)?.isAbandoned === true) await removeOwnedTree(join(root, name));
    await sweepNames(root);
  }
  const { containers } = await listContainers(roots);
  const over = containers.filter(({ record, state, status }) => record.autoRemove && status.status === 'stopped' && hasEnded(state));
  const left: string[] = [];
  for (const { place } of over) {
    if (!(await hasMonitor(place.path)) && (await removeRecord(place, { unless: hasMonitor }))) left.push(place.id);
  }
  return left;
}

/** The same for containers in the foreground alone: what a killed command line left goes with the next. */
export function sweepPassing({ passing }: ContainerRoots): Promise<string[]> {
  // No container has such an id, so that there is nothing of that kind.
  return sweepRecords({ passing, kept: join(passing, 'none') });
}
