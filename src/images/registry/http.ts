/**
 * One HTTP request, and the head of its answer; nothing is believed of either. `node:http` rather than `fetch`: whom to trust and
 * through which proxy is chosen per registry, and nothing is inflated on the way, so that what is counted is what is stored.
 */
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { Transient } from './retry.js';

export interface HttpRequest {
  readonly url: URL;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface Answer {
  /** That answered, after redirects. */
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** To be read, or destroyed. */
  readonly body: IncomingMessage;
}

export interface Patience {
  /** From the request to the head of the answer: look-up, connection, TLS and all. */
  readonly answerMs: number;
  /** So long with less than a kibibyte is silence. */
  readonly stallMs: number;
}

export const defaultPatience: Patience = { answerMs: 30_000, stallMs: 30_000 };

/** What is not waited for byte by byte for ever. */
const STALL_BYTES = 1024;
const HEADERS_BYTES_MAX = 32_768;

/** The certificate of the other side is not one to trust; waiting does not help. */
export class NotTrusted extends Error {}
/** What answered does not speak TLS. */
export class NotTls extends Error {}
/** Nobody is there at all. */
export class NotThere extends Error {}

/** How to connect, for both schemes. */
export interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

/** Throws Transient, NotTrusted, NotTls, NotThere, or what the signal aborts with. */
export function sendRequest(request: HttpRequest, agents: Agents, { answerMs }: Patience): Promise<Answer> {
  const { url, method = 'GET', headers = {}, body, signal } = request;
  signal.throwIfAborted();
  const isTls = url.protocol === 'https:';
  const options: https.RequestOptions = {
    method,
    headers: {
      'user-agent': 'bulkhead',
      'accept-encoding': 'identity',
      ...headers,
      ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
    },
    agent: isTls ? agents.https : agents.http,
    maxHeaderSize: HEADERS_BYTES_MAX,
    insecureHTTPParser: false,
    signal,
  };
  return new Promise((resolve, reject) => {
    const sent = (isTls ? https : http).request(url, options);
    const timer = setTimeout(() => sent.destroy(new Transient(`no answer within ${answerMs / 1000} s`)), answerMs);
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      reject(signal.aborted ? abortReason(signal) : explain(error));
    };
    sent
      .on('response', (answer) => {
        clearTimeout(timer);
        // What comes once nobody reads any more concerns nobody; who reads is told by the iterator.
        answer.on('error', () => undefined);
        resolve({ url, status: answer.statusCode ?? 0, headers: answer.headers, body: answer });
      })
      .on('error', fail)
      // Else Node would leave the connection open, and nobody would be told.
      .on('upgrade', (_answer, socket) => {
        socket.destroy();
        fail(new Error('it wants to change the protocol'));
      })
      .end(body);
  });
}

/** The bytes of a body as they come. Throws Transient where they stop coming, or the connection breaks. */
export async function* readChunks({ body }: Pick<Answer, 'body'>, { stallMs }: Patience, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  // Only the time of waiting counts: whoever takes the bytes may take his time.
  let waitedMs = 0;
  let bytes = 0;
  const arm = (): NodeJS.Timeout =>
    setTimeout(() => body.destroy(new Transient(`no more bytes came for ${stallMs / 1000} s`)), Math.max(1, stallMs - waitedMs));
  let sinceMs = performance.now();
  let timer = arm();
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      waitedMs += performance.now() - sinceMs;
      bytes += chunk.length;
      if (bytes >= STALL_BYTES) [waitedMs, bytes] = [0, 0];
      yield chunk;
      sinceMs = performance.now();
      timer = arm();
    }
  } catch (error) {
    throw signal.aborted ? abortReason(signal) : explain(error);
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

/** A whole body of at most `bytesMax`; undefined where there is more. */
export async function readBody(
  answer: Answer,
  { bytesMax, patience, signal }: { bytesMax: number; patience: Patience; signal: AbortSignal },
): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of readChunks(answer, patience, signal)) {
    length += chunk.length;
    // Leaving the loop ends the connection.
    if (length > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}

const NOT_TLS = new Set(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);
const NOT_THERE = new Set(['ENOTFOUND', 'ECONNREFUSED', 'EADDRNOTAVAIL', 'ENETUNREACH', 'EHOSTUNREACH']);
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE']);

/** What Node says of a connection, told apart by what can be done about it. */
function explain(error: unknown): unknown {
  if (error instanceof Transient || error instanceof NotThere || error instanceof NotTrusted) return error;
  // Several addresses were tried: the first says enough.
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const code = systemCodeOf(error) ?? systemCodeOf(first) ?? '';
  if (NOT_TLS.has(code)) return new NotTls('it does not speak TLS', { cause: error });
  if (NOT_THERE.has(code)) return new NotThere(describeAbsence(code), { cause: error });
  if (BROKEN.has(code))
    return new Transient(code === 'EAI_AGAIN' ? 'its name cannot be looked up now' : 'the connection broke', { cause: error });
  if (/^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT_|INVALID_CA|HOSTNAME_MISMATCH)/.test(code))
    return new NotTrusted(messageOf(first), { cause: error });
  return error;
}

function describeAbsence(code: string): string {
  if (code === 'ENOTFOUND') return 'there is no such host';
  return code === 'ECONNREFUSED' ? 'nobody listens there' : `there is no way to it (${code})`;
}
