/**
 * Pulling: from a name to blobs in a sink.
 *
 *      tag or digest ─▶ index? ─▶ manifest of the platform ─▶ configuration and layers, several at once ─▶ manifest
 *
 * A manifest is written after all that it names, so that whoever finds one finds an image. What is there already is not asked for.
 */
import { homedir } from 'node:os';
import type { BlobSink } from '../blob-sink.js';
import { parseConfig, type Descriptor, type Manifest, type Platform } from '../documents.js';
import { parsePlatform, requirePlatform } from '../platform.js';
import { eachAtOnce } from './at-once.js';
import { credentialPlaces, type CredentialPlaces } from './credentials.js';
import { openClient, type ClientOptions, type RegistryClient } from './client.js';
import { registryErrors } from './errors.js';
import { fetchBlob } from './fetch-blob.js';
import { defaultPatience, type Patience } from './http.js';
import { chooseManifest, readManifest, type RawManifest } from './manifest.js';
import { formatRegistryReference, parseRegistryReference, type RegistryReference } from './reference.js';
import { defaultRetryPolicy, type RetryPolicy } from './retry.js';

export interface PullOptions extends Pick<ClientOptions, 'env' | 'signal'> {
  /** Where credentials are looked for; in the usual places of `env` where absent. */
  readonly credentials?: CredentialPlaces | undefined;
  readonly sink: BlobSink;
  /** `OS/ARCH[/VARIANT]`; this machine's where absent. */
  readonly platform?: string | undefined;
  readonly tlsVerify?: boolean | undefined;
  readonly insecureRegistries?: readonly string[] | undefined;
  /** Blobs at once. */
  readonly parallel?: number | undefined;
  readonly patience?: Partial<Patience>;
  readonly retry?: Partial<RetryPolicy>;
  readonly progress?: ((event: PullEvent) => void) | undefined;
}

/** What is told while it goes on. First one `image`, then for each blob one `blob`, any number of `bytes` and `retry`, one `done`. */
export type PullEvent =
  | { readonly type: 'image'; readonly image: string; readonly digest: string; readonly blobs: readonly PulledBlob[] }
  | { readonly type: 'bytes'; readonly digest: string; readonly doneBytes: number }
  | { readonly type: 'done'; readonly digest: string; readonly receivedBytes: number }
  | { readonly type: 'retry'; readonly what: string; readonly why: string; readonly waitMs: number };

export interface PulledBlob {
  readonly kind: 'config' | 'layer';
  readonly digest: string;
  readonly sizeBytes: number;
}

export interface PulledImage {
  /** `docker.io/library/busybox:latest`. */
  readonly reference: string;
  /** Of the manifest of this platform. */
  readonly digest: string;
  readonly mediaType: string;
  readonly manifestBytes: number;
  /** Of what the name means at the registry: the index, where there is one. */
  readonly namedDigest: string;
  readonly config: PulledBlob;
  readonly layers: readonly PulledBlob[];
  /** Over the wire, without manifests. */
  readonly receivedBytes: number;
}

const PARALLEL = 3;
/** An index may name another one, as registries do that keep signatures beside images. */
const INDEX_DEPTH_MAX = 3;

export async function pull(text: string, options: PullOptions): Promise<PulledImage> {
  const reference = parseRegistryReference(text);
  const platform = readPlatform(options.platform);
  const { progress = () => undefined, signal } = options;
  const told = (what: string, why: string, waitMs: number): void => progress({ type: 'retry', what, why, waitMs });
  // One failure ends all that is under way.
  const stop = new AbortController();
  const abort = (): void => stop.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const settled = {
    patience: { ...defaultPatience, ...options.patience },
    retry: { ...defaultRetryPolicy, ...options.retry },
    signal: stop.signal,
  };
  const client = openClient({
    ...settled,
    reference,
    credentials: options.credentials ?? credentialPlaces(options.env, homedir()),
    env: options.env,
    tlsVerify: options.tlsVerify ?? true,
    insecureRegistries: options.insecureRegistries ?? [],
    told,
  });
  try {
    signal.throwIfAborted();
    const image = formatRegistryReference(reference);
    const found = await findImage(client, reference, platform);
    const [config, ...layers] = listBlobs(found.manifest);
    progress({ type: 'image', image, digest: found.raw.digest, blobs: [config, ...layers] });
    const fetch = async (blob: PulledBlob, judge?: (bytes: Buffer) => void): Promise<number> => {
      const { digest } = blob;
      const receivedBytes = await fetchBlob(
        { ...blob, judge },
        {
          ...settled,
          client,
          sink: options.sink,
          registry: reference.registry,
          progress: (doneBytes) => progress({ type: 'bytes', digest, doneBytes }),
          told: (why, waitMs) => told(`blob ${digest}`, why, waitMs),
        },
      );
      progress({ type: 'done', digest, receivedBytes });
      return receivedBytes;
    };
    // What cannot run here need not come. Not every configuration tells of a variant, as the entries of an index do.
    const asked = platform && { os: platform.os, architecture: platform.architecture };
    const requireRunnable = (bytes: Buffer, manifest: Manifest): void => requirePlatform(parseConfig(bytes, manifest), image, asked);
    const first = await fetch(config, (bytes) => requireRunnable(bytes, found.manifest));
    const others = await eachAtOnce(layers, { most: options.parallel ?? PARALLEL, failed: (why) => stop.abort(why) }, (blob) =>
      fetch(blob),
    );
    await putBytes(options.sink, found.raw);
    return {
      reference: image,
      digest: found.raw.digest,
      mediaType: found.mediaType,
      manifestBytes: found.raw.bytes.length,
      namedDigest: found.namedDigest,
      config: toBlob('config', found.manifest.config),
      layers: found.manifest.layers.map((layer) => toBlob('layer', layer)),
      receivedBytes: others.reduce((sum, bytes) => sum + bytes, first),
    };
  } finally {
    stop.abort(new Error('the pull is over'));
    signal.removeEventListener('abort', abort);
    client.close();
  }
}

interface FoundImage {
  readonly raw: RawManifest;
  readonly manifest: Manifest;
  readonly mediaType: string;
  /** Of the outermost index, where there is one. */
  readonly namedDigest: string;
}

async function findImage(client: RegistryClient, reference: RegistryReference, platform: Platform | undefined): Promise<FoundImage> {
  const { registry, digest, tag = '' } = reference;
  const context = { registry, image: formatRegistryReference(reference) };
  let wanted: { readonly digest: string; readonly size?: number } = { digest: digest ?? tag };
  let namedDigest: string | undefined;
  for (let depth = 0; ; depth += 1) {
    const raw = await client.readManifest(wanted.digest);
    namedDigest ??= raw.digest;
    if (wanted.size !== undefined && wanted.size !== raw.bytes.length)
      throw registryErrors.answerInvalid(registry, 'the index', `it says ${wanted.size} bytes of a manifest that has ${raw.bytes.length}`);
    const read = readManifest(raw, context);
    if (read.kind === 'manifest') return { ...read, raw, namedDigest };
    if (depth === INDEX_DEPTH_MAX)
      throw registryErrors.notAnImage(context.image, `its indexes are nested more than ${INDEX_DEPTH_MAX} deep`);
    wanted = chooseManifest(read.index, context.image, platform);
  }
}

/** Each once, the configuration first. */
function listBlobs({ config, layers }: Manifest): [PulledBlob, ...PulledBlob[]] {
  const others = new Map(layers.map((layer) => [layer.digest, toBlob('layer', layer)]));
  others.delete(config.digest);
  return [toBlob('config', config), ...others.values()];
}

function toBlob(kind: PulledBlob['kind'], { digest, size }: Descriptor): PulledBlob {
  return { kind, digest, sizeBytes: size };
}

function readPlatform(text: string | undefined): Platform | undefined {
  const platform = text === undefined ? undefined : parsePlatform(text);
  if (text !== undefined && platform === undefined) throw registryErrors.platformInvalid(text);
  return platform;
}

async function putBytes(sink: BlobSink, { bytes, digest }: RawManifest): Promise<void> {
  const writer = await sink.open(digest, bytes.length);
  try {
    if (writer.isComplete) return;
    if (writer.offset > 0) await writer.restart();
    await writer.write(bytes);
    await writer.commit();
  } finally {
    await writer.close();
  }
}
