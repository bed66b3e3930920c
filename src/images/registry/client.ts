/**
 * A client of one repository of one registry: the two requests of a pull, with everything around them.
 *
 *      readManifest ─┐                 ┌─ redirects ─ http     where it goes, without secrets
 *      openBlob ─────┴─ authorize ─────┴─ errors               what each status means
 *
 * https, unless the host is this machine or plain http was allowed for it; then http where nobody speaks TLS.
 */
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { BulkheadError, messageOf } from '#base/errors.js';
import { escapeControls } from '#base/text.js';
import { openAuthorizer } from './authorize.js';
import { openConnections } from './connections.js';
import { findCredentials, type CredentialPlaces } from './credentials.js';
import { registryErrors } from './errors.js';
import { NotThere, NotTls, NotTrusted, readBody, sendRequest, type Answer, type HttpRequest, type Patience } from './http.js';
import { DOCUMENT_BYTES_MAX } from '../documents.js';
import { ACCEPTED_MANIFESTS, digestOf, type RawManifest } from './manifest.js';
import { sendFollowing } from './redirects.js';
import { formatRegistryReference, type RegistryReference } from './reference.js';
import { readRetryAfter, retrying, Transient, type RetryPolicy } from './retry.js';

export interface ClientOptions {
  readonly reference: RegistryReference;
  readonly credentials: CredentialPlaces;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** False: neither certificates nor even TLS are asked for, of this registry. */
  readonly tlsVerify: boolean;
  /** `host[:port]` each, for which `tlsVerify` is false. */
  readonly insecureRegistries: readonly string[];
  readonly patience: Patience;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
  /** Before each wait for another attempt. */
  readonly told: (what: string, why: string, waitMs: number) => void;
}

export interface RegistryClient {
  /** By tag or digest; with a digest, the bytes have it. Tries again where that may help. */
  readManifest(tagOrDigest: string): Promise<RawManifest>;
  /** 200 from the beginning, 206 from `offset` on, or 416. Throws Transient: to go on is for who knows what came. */
  openBlob(digest: string, offset: number): Promise<Answer>;
  close(): void;
}

const ERROR_BYTES_MAX = 65_536;
const BUSY: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

export function openClient(options: ClientOptions): RegistryClient {
  const { reference, patience, signal } = options;
  const { registry, host, repository } = reference;
  const image = formatRegistryReference(reference);
  const isInsecure = !options.tlsVerify || options.insecureRegistries.includes(host) || options.insecureRegistries.includes(registry);
  const mayBePlain = (url: URL): boolean => isLoopback(url.hostname) || options.insecureRegistries.includes(url.host);
  const secure = new URL(`https://${host}/`);
  const connections = openConnections({ host, verify: !isInsecure, env: options.env });
  /** Undefined until the first answer. */
  let base: URL | undefined;

  const authorizer = openAuthorizer({
    registry,
    repository,
    origin: () => base ?? secure,
    credentials: once(() => findCredentials(reference, options.credentials, signal)),
    ask: (request, bytesMax) => retrying(() => askWhole(request, bytesMax), retryOptions('a token')),
  });

  function retryOptions(what: string) {
    const { retry: policy, told } = options;
    return {
      policy,
      signal,
      told: (why: string, waitMs: number) => told(what, why, waitMs),
      gaveUp: (last: Transient, attempts: number) => registryErrors.gaveUp(registry, what, { why: last.message, attempts }),
    };
  }

  async function askWhole(request: Pick<HttpRequest, 'url' | 'method' | 'headers' | 'body'>, bytesMax: number) {
    const answer = await follow({ ...request, signal }, 'a token');
    requirePatience(answer);
    const bytes = await readBody(answer, { bytesMax, patience, signal });
    if (bytes === undefined) throw registryErrors.tokenRefused(registry, `${answer.url.host} answers more than ${bytesMax} bytes`);
    return { answer, bytes };
  }

  async function follow(request: HttpRequest, what: string): Promise<Answer> {
    const refuse = (why: string) => registryErrors.redirectRefused(registry, what, why);
    try {
      return await sendFollowing(request, { send: (one) => sendRequest(one, connections.agents, patience), mayBePlain, refuse });
    } catch (error) {
      throw explain(error, what);
    }
  }

  /** The first request decides which scheme it is. */
  async function send(path: string, headers: Record<string, string>, what: string): Promise<Answer> {
    const to = (origin: URL) => follow({ url: new URL(path, origin), headers, signal }, what);
    if (base !== undefined) return to(base);
    const plain = new URL(`http://${host}/`);
    const isPlainAllowed = isInsecure || mayBePlain(plain);
    const [answer, origin] = await to(secure).then(
      (answered) => [answered, secure] as const,
      async (error: unknown) => {
        if (!isPlainAllowed || !(isCausedBy(error, NotTls) || isCausedBy(error, NotThere))) throw error;
        return [await to(plain), plain] as const;
      },
    );
    base = origin;
    return answer;
  }

  async function get(path: string, headers: Record<string, string>, what: string): Promise<Answer> {
    for (let attempt = 0; ; attempt += 1) {
      const authorization = authorizer.header();
      const answer = await send(path, { ...headers, ...(authorization !== undefined && { authorization }) }, what);
      // Another server's challenge is none of ours.
      const isOurs = answer.url.origin === base?.origin;
      if (answer.status !== 401 || !isOurs) return requireGood(answer, what);
      const said = await readError(answer);
      const isMet = attempt < 2 && (await authorizer.meet(answer.headers['www-authenticate'], authorization));
      if (!isMet) throw registryErrors.denied(registry, image, { asked: authorizer.hasCredentials(), said });
    }
  }

  async function requireGood(answer: Answer, what: string): Promise<Answer> {
    const { status, url } = answer;
    if (status === 200 || status === 206 || status === 416) return answer;
    requirePatience(answer);
    const said = await readError(answer);
    const who = url.origin === base?.origin ? '' : `${url.host}, to which it sends, `;
    if (who === '' && status === 403) throw registryErrors.denied(registry, image, { asked: authorizer.hasCredentials(), said });
    if (who === '' && status === 404 && what === MANIFEST) throw registryErrors.notFound(registry, image, said);
    throw registryErrors.answerInvalid(registry, what, `${who === '' ? 'it ' : who}answers ${status}${said === '' ? '' : ` (${said})`}`);
  }

  /** Throws Transient where the status says that it may pass. */
  function requirePatience({ status, headers, body, url }: Answer): void {
    if (!BUSY.includes(status)) return;
    body.destroy();
    const waitMs = readRetryAfter(headers['retry-after']);
    const asks = waitMs === undefined ? '' : `, and asks to wait for ${Math.ceil(waitMs / 1000)} s`;
    throw new Transient(`${url.host} answers ${status}${status === 429 ? ' (too many requests)' : ''}${asks}`, { waitMs });
  }

  /** What the registry says is wrong, in its own words; nothing where it says nothing that can be read. */
  async function readError(answer: Answer): Promise<string> {
    try {
      const bytes = await readBody(answer, { bytesMax: ERROR_BYTES_MAX, patience, signal });
      const json = parseBoundedJson(bytes ?? new Uint8Array());
      const checked = v.safeParse(errorSchema, json.parsed ? json.value : undefined);
      const [first] = checked.success ? checked.output.errors : [];
      return first === undefined ? '' : escapeControls(first.message ?? first.code ?? '');
    } catch {
      signal.throwIfAborted();
      return '';
    }
  }

  /** What is wrong with the connection, by what can be done about it. */
  function explain(error: unknown, what: string): unknown {
    if (error instanceof Transient || error instanceof BulkheadError) return error;
    signal.throwIfAborted();
    if (error instanceof NotTrusted) return registryErrors.notTrusted(reference, error.message, error);
    // Who has answered once will be back; who never has is perhaps not there at all.
    if (error instanceof NotThere && base !== undefined) return new Transient(error.message, { cause: error });
    if (error instanceof NotThere) return registryErrors.unreachable(reference, error.message, error);
    if (error instanceof NotTls) return registryErrors.notTls(registry, error);
    return registryErrors.answerInvalid(registry, what, messageOf(error));
  }

  return {
    readManifest: (tagOrDigest) =>
      retrying(async () => {
        const answer = await get(`/v2/${repository}/manifests/${tagOrDigest}`, { accept: ACCEPTED_MANIFESTS }, MANIFEST);
        const bytes = await readBody(answer, { bytesMax: DOCUMENT_BYTES_MAX, patience, signal });
        if (bytes === undefined) throw registryErrors.answerInvalid(registry, MANIFEST, `it has more than ${DOCUMENT_BYTES_MAX} bytes`);
        const digest = digestOf(bytes);
        const { 'content-type': contentType, 'docker-content-digest': told } = answer.headers;
        const wanted = tagOrDigest.startsWith('sha256:')
          ? tagOrDigest
          : typeof told === 'string' && told.startsWith('sha256:')
            ? told
            : digest;
        if (digest !== wanted) throw registryErrors.digestMismatch(registry, MANIFEST, { wanted, got: digest });
        return { bytes, digest, contentType: contentType?.split(';')[0]?.trim().toLowerCase() };
      }, retryOptions(MANIFEST)),
    openBlob: (digest, offset) =>
      get(`/v2/${repository}/blobs/${digest}`, offset === 0 ? {} : { range: `bytes=${offset}-` }, `blob ${digest}`),
    close: () => connections.close(),
  };
}

const MANIFEST = 'the manifest';

const short = v.pipe(v.string(), v.maxLength(ERROR_BYTES_MAX));
const errorSchema = v.object({ errors: v.array(v.object({ code: v.optional(short), message: v.optional(short) })) });

/** By name of the address, before any look-up. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function isCausedBy(error: unknown, kind: typeof NotTls | typeof NotThere): boolean {
  return error instanceof kind || (error instanceof BulkheadError && error.cause instanceof kind);
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}
