import type { IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import type { PowerInput, PowerOutput } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError, systemCodeOf } from '#base/errors.js';
import { powerErrors } from '../errors.js';
import { startDeadline } from './deadline.js';
import { findAddresses, isHostGranted, type Address, type Lookup } from './fetch-hosts.js';
import type { CallInFlight, PowerContext } from './power-context.js';

const bodyMaxBytes = 1_048_576;
/** Of an answer, all together; Node's own default. */
const headersMaxBytes = 16_384;
const headersMax = 256;
const redirectsMax = 5;
/** From the request to the last byte of the answer, redirects included. */
const fetchDeadlineMs = 30_000;

/** What the host says itself, and what belongs to the connection. There is no jar for cookies. */
const ownHeaders =
  /^(?:accept-encoding|connection|content-length|cookie2?|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade|(?:proxy|sec)-.*)$/;
/** What another server than the one it was meant for may see; not a token, in whatever header it is. */
const harmlessHeaders = /^(?:accept|accept-language|range|user-agent)$/;

export interface Network {
  readonly lookup: Lookup;
  /** Whom to trust instead of the system's authorities. */
  readonly ca?: string;
  readonly deadlineMs?: number;
}

type Fetch = (input: PowerInput<'fetch'>, context: Pick<PowerContext, 'grants'>, call: CallInFlight) => Promise<PowerOutput<'fetch'>>;

/** By the system's own resolver, which also knows /etc/hosts. */
export const fetchUrl: Fetch = makeFetch({
  lookup: async (hostname) => (await import('node:dns/promises')).lookup(hostname, { all: true }),
});

/** Asks a granted server. Each hop is judged anew, by name and then by address, and connected to the address that was judged. */
export function makeFetch({ lookup, ca, deadlineMs = fetchDeadlineMs }: Network): Fetch {
  return async (input, { grants }, call) => {
    const granted = grants.fetch ?? [];
    let request = readRequest(input);
    const { signal, clear } = startDeadline(call.over, deadlineMs);
    try {
      signal.throwIfAborted();
      for (let redirects = 0; ; redirects += 1) {
        const addresses = await judge(request.url, granted, lookup, signal);
        const answer = await send(request, addresses, { ca, signal });
        const next = redirect(request, answer);
        if (next === undefined) return await readAnswer(request.url, answer, input.responseType);
        answer.destroy();
        if (redirects === redirectsMax) throw powerErrors.fetchFailed(originOf(request.url), `more than ${redirectsMax} redirects`);
        request = next;
      }
    } catch (error) {
      if (call.over.aborted) throw powerErrors.callOver('fetch');
      if (signal.aborted) throw powerErrors.fetchFailed(originOf(request.url), `not done within ${deadlineMs} ms`);
      if (error instanceof BulkheadError) throw error;
      throw powerErrors.fetchFailed(originOf(request.url), systemCodeOf(error) ?? 'unknown error');
    } finally {
      clear();
    }
  };
}

interface Request {
  readonly url: URL;
  readonly method: PowerInput<'fetch'>['method'];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

function readRequest({ url, method, headers, body }: PowerInput<'fetch'>): Request {
  const own = Object.keys(headers).find((name) => ownHeaders.test(name));
  if (own !== undefined) throw powerErrors.badArgument('fetch', 'headers', `${own} is the host's own`);
  if (body !== undefined && method !== 'POST') throw powerErrors.badArgument('fetch', 'body', `${method} has none`);
  const bytes = body && (body.type === 'text' ? Buffer.from(body.text) : Buffer.from(body.characters, 'latin1'));
  if (bytes && bytes.length > bodyMaxBytes) throw powerErrors.badArgument('fetch', 'body', `larger than ${bodyMaxBytes} bytes`);
  return { url: readUrl(url), method, headers, body: method === 'POST' ? (bytes ?? Buffer.alloc(0)) : undefined };
}

/** As the browsers read it; what is judged and what is connected to is this, never the text. */
function readUrl(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw powerErrors.badArgument('fetch', 'url', 'is no URL');
  const url = new URL(text, base?.href);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw powerErrors.badArgument('fetch', 'url', 'must be https or http');
  if (url.username !== '' || url.password !== '') throw powerErrors.badArgument('fetch', 'url', 'must have no user and no password');
  url.hash = '';
  return url;
}

async function judge(url: URL, granted: readonly string[], lookup: Lookup, signal: AbortSignal): Promise<Address[]> {
  if (!isHostGranted(url, granted)) throw powerErrors.notGranted('fetch', originOf(url));
  const addresses = await untilAborted(findAddresses(url, granted, lookup), signal);
  if (addresses.length === 0) throw powerErrors.notGranted('fetch', `${originOf(url)}, whose address is not public`);
  return addresses;
}

/** Resolves once the headers are there. No agent is shared, so that nothing of one request (a connection, a proxy) serves another. */
async function send(
  { url, method, headers, body }: Request,
  addresses: readonly Address[],
  { ca, signal }: { readonly ca: string | undefined; readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  const { Agent, request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  return new Promise((resolve, reject) => {
    request(url, {
      method,
      headers: {
        'user-agent': 'bulkhead',
        ...headers,
        'accept-encoding': 'identity',
        ...(body && { 'content-length': String(body.length) }),
      },
      agent: new Agent({ keepAlive: false }),
      lookup: pinTo(addresses),
      maxHeaderSize: headersMaxBytes,
      signal,
      // Whatever the caller's environment or Node's options say.
      insecureHTTPParser: false,
      rejectUnauthorized: true,
      ...(ca !== undefined && { ca }),
    })
      .on('response', resolve)
      .on('error', reject)
      // Else Node would leave the connection open, and nobody would be told.
      .on('upgrade', (_response, socket) => {
        socket.destroy();
        reject(new Error('upgrade'));
      })
      .end(body);
  });
}

/** Whoever asks for the address of whatever name is told what was judged: there is no second look-up to give another answer. */
function pinTo(addresses: readonly Address[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = addresses;
    if (all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

/** The request that a redirect asks for, as browsers do; not yet judged. */
function redirect({ url, method, headers, body }: Request, { statusCode = 0, headers: answered }: IncomingMessage): Request | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode) || answered.location === undefined) return undefined;
  const next = readUrl(answered.location, url);
  const isSame = next.origin === url.origin;
  const keepsBody = method !== 'POST' || statusCode === 307 || statusCode === 308;
  const kept = Object.entries(headers).filter(
    ([name]) => (isSame || harmlessHeaders.test(name) || (keepsBody && name === 'content-type')) && (keepsBody || name !== 'content-type'),
  );
  return { url: next, method: keepsBody ? method : 'GET', headers: Object.fromEntries(kept), body: keepsBody ? body : undefined };
}

async function readAnswer(url: URL, answer: IncomingMessage, responseType: 'text' | 'bytes'): Promise<PowerOutput<'fetch'>> {
  const headers = readHeaders(url, answer);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Leaving the loop ends the connection.
    if (length > bodyMaxBytes) throw powerErrors.fetchFailed(originOf(url), `its answer is larger than ${bodyMaxBytes} bytes`);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  return {
    status: answer.statusCode ?? 0,
    url: url.href,
    headers,
    body:
      responseType === 'text' ? { type: 'text', text: bytes.toString('utf8') } : { type: 'bytes', characters: bytes.toString('latin1') },
  };
}

/** Lower-case names; what came more than once is joined. Cookies stay here. */
function readHeaders(url: URL, { headersDistinct }: IncomingMessage): Record<string, string> {
  const headers = Object.entries(headersDistinct).flatMap(([name, values = []]): [string, string][] =>
    /^set-cookie2?$/.test(name) ? [] : [[name, values.join(', ')]],
  );
  if (headers.length > headersMax) throw powerErrors.fetchFailed(originOf(url), `its answer has more than ${headersMax} headers`);
  return Object.fromEntries(headers);
}

/** A look-up cannot be aborted, only left alone. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Error('aborted'));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Without path and query, which may hold a secret. */
function originOf({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}
