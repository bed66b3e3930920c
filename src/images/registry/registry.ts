/**
 * Images of registries, by the distribution specification of OCI and as Docker speaks it.
 *
 *      pull ─┬─ client ─┬─ authorize ── credentials      who you are, told to the registry and its realm alone
 *            │          ├─ redirects ── http             where a request goes; what comes is hostile until it is checked
 *            │          └─ retry                         what may work a moment later
 *            ├─ manifest ── platform                     what there is to fetch, out of a schema with bounds
 *            └─ fetch-blob ─▶ BlobSink                   bytes; the sink has the last word on size and digest
 */
import type { PulledImage, PullOptions } from './pull.js';

/** @param text with or without `docker://` */
export async function pullFromRegistry(text: string, options: PullOptions): Promise<PulledImage> {
  // Loaded here: a run whose image is there should not load what speaks TLS.
  return (await import('./pull.js')).pull(text, options);
}

export type { PulledBlob, PulledImage, PullEvent, PullOptions } from './pull.js';
export { formatRegistryReference, parseRegistryReference } from './reference.js';
