/** Who is in which network: a file for each container in the directory of the network. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeStaged } from '#base/staged-file.js';
import { listOrNothing, readJson } from './disk.js';
import { ATTACHMENT_BYTES_MAX, attachmentRecord, containerId, type AttachmentRecord, type NetworkPlace } from './shapes.js';
import { listNetworks, networkPath } from './store.js';

/** Readers see the old record or the new one. */
export async function writeAttachment(place: NetworkPlace, record: AttachmentRecord): Promise<void> {
  await writeStaged(fileOf(place, record), Buffer.from(`${JSON.stringify(record)}\n`), 0o600);
}

/** Idempotent. */
export async function removeAttachmentFile(place: NetworkPlace, record: Pick<AttachmentRecord, 'network' | 'container'>): Promise<void> {
  await rm(fileOf(place, record), { force: true });
}

/** Undefined where the container is not in the network; throws where the record is damaged. */
export function findAttachment(
  place: NetworkPlace,
  of: Pick<AttachmentRecord, 'network' | 'container'>,
): Promise<AttachmentRecord | undefined> {
  return readJson(fileOf(place, of), { name: of.network, schema: attachmentRecord, bytesMax: ATTACHMENT_BYTES_MAX });
}

/** Of one network, by container. */
export async function listAttachments(place: NetworkPlace, network: string): Promise<AttachmentRecord[]> {
  const names = await listOrNothing(join(networkPath(place, network), 'attachments'));
  const ids = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  const found = await Promise.all(
    ids.filter((id) => v.is(containerId, id)).map((container) => findAttachment(place, { network, container })),
  );
  // It may have been removed in this very moment.
  return found.filter((record) => record !== undefined).toSorted((a, b) => a.container.localeCompare(b.container));
}

/** Of all networks that can be read. */
export async function listAllAttachments(place: NetworkPlace): Promise<AttachmentRecord[]> {
  const { networks } = await listNetworks(place);
  return (await Promise.all(networks.map(({ name }) => listAttachments(place, name)))).flat();
}

function fileOf(place: NetworkPlace, { network, container }: Pick<AttachmentRecord, 'network' | 'container'>): string {
  return join(networkPath(place, network), 'attachments', `${container}.json`);
}
