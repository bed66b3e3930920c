/**
 * Images of containers: where they are kept, which formats they have, and how their layers become one file system. Whatever an image
 * says or holds is foreign: digests and sizes are checked, documents pass schemas, names in archives are judged before anything is made.
 *
 *      registry, oci:, oci-archive:, docker-archive:                 the store, one per uid, 0700:
 *           │ manifest, configuration, layers
 *           ▼                                                        blobs/sha256/<hex>         whole and checked, or not there
 *      BlobSink ── addImage ─▶ names/<sha256 of the name>.json       partial/<hex>              what has come so far
 *                                     │                              names/…                    which manifest a name means
 *                                     ▼                              roots/<hex>.squashfs/      layers as one file system, or
 *                              openRoot: layers ─▶ one root          roots/<hex>.directory/     unpacked; one per chain of diff ids
 *                                                                    leases/, transactions/     who uses it, who brings something in
 *                                                                    staged/, locks/            in the making
 *
 * Names, blobs and roots appear with one rename. What a killed command leaves is in partial/ or staged/, and belongs to an owner that
 * the next command can tell to be gone.
 */
export type { BlobSink, BlobWriter } from './blob-sink.js';
export { DOCUMENT_BYTES_MAX, INDEX_TYPES, MANIFEST_TYPES, parseConfig, parseIndex, parseManifest } from './documents.js';
export type { Descriptor, ImageConfig, Manifest, Platform } from './documents.js';
export { importImage, type ImportOptions } from './import.js';
export { openLocalImage } from './open.js';
export { choosePlatform, parsePlatform, renderPlatform } from './platform.js';
export { isLocalScheme, parseLocalReference, type LocalReference } from './references.js';
export { formatRegistryReference, parseRegistryReference, pullFromRegistry } from './registry/registry.js';
export type { PulledImage, PullEvent, PullOptions } from './registry/registry.js';
export { keepRunnableImage, openRunnableImage, readRunnableConfig, type RunnableImage, type RunnableRequest } from './runnable.js';
export { describeImage, type ImageDescription, type ImageSource } from './source.js';
export { pruneImages, removeImage, type Removed } from './store/collect.js';
export { addImage, describeStoredImage, findImage, type ImageToAdd } from './store/images.js';
export { listNames, type NamedImage, type NamedImages } from './store/names.js';
export { openImageStore, type ImageStore } from './store/place.js';
export { openRoot, type OpenRoot, type RootRequest } from './store/roots.js';
