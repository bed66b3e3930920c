/**
 * Images of registries, by the distribution specification of OCI and as Docker speaks it.
 *
 *      pull ─┬─ client ─┬─ authorize ── credentials      who you are, told to the registry and its realm alone
 *            │          ├─ redirects ── http             where a request goes; what comes is hostile until it is checked
 *            │          └─ retry                         what may work a moment later
 *            ├─ manifest ── platform                     what there is to fetch, out of a schema with bounds
 *            └─ fetch-blob ─▶ BlobSink                   bytes; the sink has the last word on size and digest
 */
export { pullFromRegistry, type PulledImage, type PullEvent, type PullOptions } from './pull.js';
