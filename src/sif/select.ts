/** Which objects are meant. Selectors are predicates over descriptors; several of them must all hold. */
import type { SifDescriptor } from './descriptor.js';
import { sifErrors } from './errors.js';
import { isOci, ociDigestOf } from './metadata.js';

export type SifSelector = (descriptor: SifDescriptor) => boolean;

export function withDataType(dataType: number): SifSelector {
  return (descriptor) => descriptor.dataType === dataType;
}

/** Throws SIF_ID_INVALID for 0, which no object has. */
export function withId(id: number): SifSelector {
  if (id === 0) throw sifErrors.invalidId(id);
  return (descriptor) => descriptor.id === id;
}

export function withNoGroup(): SifSelector {
  return ({ groupId }) => groupId === 0;
}

/** Throws SIF_GROUP_INVALID for 0: that is withNoGroup. */
export function withGroupId(groupId: number): SifSelector {
  if (groupId === 0) throw sifErrors.invalidGroup(groupId);
  return (descriptor) => descriptor.groupId === groupId;
}

export function withLinkedId(id: number): SifSelector {
  if (id === 0) throw sifErrors.invalidId(id);
  return ({ linkedId }) => linkedId === id;
}

export function withLinkedGroupId(groupId: number): SifSelector {
  if (groupId === 0) throw sifErrors.invalidGroup(groupId);
  return ({ linkedGroupId }) => linkedGroupId === groupId;
}

export function withPartitionType(partType: number): SifSelector {
  return ({ partition }) => partition?.partType === partType;
}

/** An OCI object whose digest cannot be read is not meant. */
export function withOciDigest(digest: string): SifSelector {
  return (descriptor) => isOci(descriptor) && readDigest(descriptor) === digest;
}

/** All of them, in the order of their descriptors. Throws SIF_EMPTY where the file has no objects at all. */
export function selectObjects<T extends SifDescriptor>(objects: readonly T[], ...selectors: readonly SifSelector[]): T[] {
  if (objects.length === 0) throw sifErrors.empty();
  return objects.filter((object) => selectors.every((isMeant) => isMeant(object)));
}

/** The only one. Throws SIF_OBJECT_NOT_FOUND, SIF_OBJECTS_SEVERAL, or SIF_EMPTY where the file has no objects at all. */
export function selectObject<T extends SifDescriptor>(objects: readonly T[], ...selectors: readonly SifSelector[]): T {
  const found = selectObjects(objects, ...selectors);
  const [object] = found;
  if (object === undefined) throw sifErrors.notFound();
  if (found.length > 1) throw sifErrors.several(found.map(({ id }) => id));
  return object;
}

function readDigest(descriptor: SifDescriptor): string | undefined {
  try {
    return ociDigestOf(descriptor);
  } catch {
    return undefined;
  }
}
