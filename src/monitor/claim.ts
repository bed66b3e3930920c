/**
 * A container has one monitor at a time. A monitor claims it by a directory that holds one file, named after itself:
 *
 *      <id>/monitor/k3v0a91xw2qm.4026531836.8123.991734.0f9c…3d
 *
 * Made beside it and renamed: the kernel lets a directory replace nothing or an empty one. What a killed monitor left is taken out by
 * its own name, so that nobody takes away the claim of one who came later.
 */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import { CONTAINER_FILES, ownedName, readOwnedName, type ContainerPlace } from '#containers/containers.js';
import { monitorErrors } from './errors.js';

const ATTEMPTS_MAX = 100;

/** Throws where another monitor that lives has it. It is given back by the end of this process. */
export async function claimContainer({ id, path }: ContainerPlace): Promise<void> {
  const claim = join(path, CONTAINER_FILES.monitor);
  const staged = join(path, ownedName(id, 'staged'));
  await mkdir(staged, { mode: 0o700 });
  try {
    await writeFile(join(staged, ownedName(id)), '', { mode: 0o600 });
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      try {
        return await rename(staged, claim);
      } catch (thrown) {
        if (!['ENOTEMPTY', 'EEXIST'].includes(systemCodeOf(thrown) ?? '')) throw thrown;
      }
      await removeAbandoned(id, claim);
    }
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
  throw monitorErrors.runsAlready(id);
}

async function removeAbandoned(id: string, claim: string): Promise<void> {
  for (const file of await readdir(claim)) {
    if (readOwnedName(file)?.isAbandoned !== true) throw monitorErrors.runsAlready(id);
    await rm(join(claim, file), { force: true });
  }
}
