/**
 * Following a registry to where it keeps its blobs, with nothing that is a secret:
 *
 *      same host, or any host by https         yes; the secrets stay with the server that they are for, and do not come back either
 *      from https to http                      no: what was encrypted stays so
 *      by http to another host                 no, except to this machine itself, or a host for which plain http is allowed
 */
import type { Answer, HttpRequest } from './http.js';

export interface RedirectRules {
  readonly send: (request: HttpRequest) => Promise<Answer>;
  /** Whether plain http is good enough for this host. */
  readonly mayBePlain: (url: URL) => boolean;
  /** Makes the error out of why. */
  readonly refuse: (why: string) => Error;
}

const REDIRECTS_MAX = 5;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** Nothing that was meant for one server is for another. */
const HARMLESS: readonly string[] = ['accept', 'range'];

/** Answers with what is no redirect. A request with a body is not sent anywhere else. */
export async function sendFollowing(request: HttpRequest, rules: RedirectRules): Promise<Answer> {
  let next = request;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await rules.send(next);
    const location = REDIRECTS.includes(answer.status) ? answer.headers.location : undefined;
    if (location === undefined) return answer;
    answer.body.destroy();
    if (request.body !== undefined) throw rules.refuse('it sends what holds a secret to another place');
    if (redirects === REDIRECTS_MAX) throw rules.refuse(`it sends from one place to the next more than ${REDIRECTS_MAX} times`);
    const url = judge(location, next.url, rules);
    const headers = url.origin === next.url.origin ? next.headers : harmlessOf(next.headers);
    next = { url, signal: request.signal, ...(headers !== undefined && { headers }) };
  }
}

function judge(location: string, from: URL, { mayBePlain, refuse }: RedirectRules): URL {
  if (location.length > 16_384 || !URL.canParse(location, from.href)) throw refuse('it sends to what is no address');
  const url = new URL(location, from.href);
  url.hash = '';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse(`it sends to a ${url.protocol} address`);
  if (url.username !== '' || url.password !== '') throw refuse('it sends to an address with a password in it');
  if (url.protocol === 'https:') return url;
  if (from.protocol === 'https:') throw refuse(`it sends from https to ${url.origin}, which is not encrypted`);
  if (url.hostname !== from.hostname && !mayBePlain(url)) throw refuse(`it sends to ${url.origin}, another host, which is not encrypted`);
  return url;
}

function harmlessOf(headers: HttpRequest['headers'] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => HARMLESS.includes(name)));
}
