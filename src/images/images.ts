/**
 * Images of containers: where they come from, and where they are kept. Whatever an image says or holds is foreign: digests and sizes
 * are checked, documents pass schemas.
 *
 *      registry/ ─▶ BlobSink
 */
export type { BlobSink } from './blob-sink.js';
export { pullFromRegistry, type PulledImage, type PullEvent, type PullOptions } from './registry/registry.js';
