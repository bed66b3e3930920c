/**
 * What is sent as `Authorization` to one registry for one repository, and to nobody else.
 *
 *      401 Bearer realm, service, scope ─▶ GET realm?service&scope   with your name and password, where there are any
 *                                      └─▶ POST realm                with your identity token (OAuth 2)
 *      401 Basic                        ─▶ your name and password
 *
 * The realm is the registry's word, so it must be as safe as the registry itself: https, unless the registry is plain http and the
 * realm is on the same host.
 */
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { parseChallenges, type Challenge } from './challenge.js';
import type { Credentials } from './credentials.js';
import { registryErrors } from './errors.js';
import type { Answer, HttpRequest } from './http.js';

const ANSWER_BYTES_MAX = 1_048_576;
/** Headers have their limits on the other side too. */
const visible = v.pipe(v.string(), v.minLength(1), v.maxLength(32_768), v.regex(/^[\x21-\x7e]+$/, 'a token has visible characters only'));
const tokenSchema = v.pipe(
  v.object({ token: v.optional(v.string()), access_token: v.optional(v.string()) }),
  v.transform(({ token, access_token: access }) => token || access),
  visible,
);

export interface AuthorizerOptions {
  /** As errors name it. */
  readonly registry: string;
  /** Of the registry, once it is known whether it speaks https. */
  readonly origin: () => URL;
  readonly repository: string;
  /** Looks them up at the first need. */
  readonly credentials: () => Promise<Credentials | undefined>;
  /** Sends a request and reads what comes, redirects followed, tried again where that may help. */
  readonly ask: (
    request: Pick<HttpRequest, 'url' | 'method' | 'headers' | 'body'>,
    bytesMax: number,
  ) => Promise<{ answer: Answer; bytes: Buffer }>;
}

export interface Authorizer {
  /** For the next request; undefined as long as nothing is wanted. */
  readonly header: () => string | undefined;
  /** Whether credentials were sent, for the words of an error. */
  readonly hasCredentials: () => boolean;
  /**
   * After a 401 to a request with `used`: gets what is wanted, once for all who were refused with the same. Answers false where
   * nothing better can be had.
   */
  readonly meet: (header: string | undefined, used: string | undefined) => Promise<boolean>;
}

export function openAuthorizer(options: AuthorizerOptions): Authorizer {
  let current: string | undefined;
  let hadCredentials = false;
  let pending: Promise<boolean> | undefined;

  async function renew(challenges: readonly Challenge[], used: string | undefined): Promise<boolean> {
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const basic = challenges.find(({ scheme }) => scheme === 'basic');
    if (bearer === undefined && basic === undefined) return false;
    const credentials = await options.credentials();
    hadCredentials ||= credentials !== undefined;
    if (bearer !== undefined) current = `Bearer ${await getToken(bearer, credentials, options)}`;
    else if (credentials?.type === 'password') current = basicHeader(credentials);
    return current !== used;
  }

  return {
    header: () => current,
    hasCredentials: () => hadCredentials,
    async meet(header, used) {
      // Another one was refused with the same, and has seen to it.
      if (used !== current) return true;
      pending ??= renew(parseChallenges(header), used).finally(() => (pending = undefined));
      return pending;
    },
  };
}

async function getToken({ parameters }: Challenge, credentials: Credentials | undefined, options: AuthorizerOptions): Promise<string> {
  const refuse = (why: string) => registryErrors.tokenRefused(options.registry, why);
  const realm = readRealm(parameters.get('realm'), options);
  const scope = parameters.get('scope') ?? `repository:${options.repository}:pull`;
  const service = parameters.get('service');
  const { answer, bytes } = await options.ask(tokenRequest(realm, { scope, service }, credentials), ANSWER_BYTES_MAX);
  if (answer.status === 401 || answer.status === 403)
    throw refuse(
      credentials === undefined
        ? `${realm.host} wants credentials, and there are none`
        : `${realm.host} refuses the credentials that were given`,
    );
  if (answer.status !== 200) throw refuse(`${realm.host} answers ${answer.status}`);
  const json = parseBoundedJson(bytes);
  if (!json.parsed) throw refuse(`what ${realm.host} answers cannot be read: ${json.why}`);
  const token = v.safeParse(tokenSchema, json.value);
  // Without the message, which would quote what may be a secret.
  if (!token.success) throw refuse(`there is no token in what ${realm.host} answers`);
  return token.output;
}

function tokenRequest(
  realm: URL,
  { scope, service }: { scope: string; service: string | undefined },
  credentials: Credentials | undefined,
) {
  if (credentials?.type === 'identity') {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'bulkhead',
      refresh_token: credentials.token,
      scope,
      ...(service !== undefined && { service }),
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { url: realm, method: 'POST', headers, body: form.toString() } as const;
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', scope);
  return { url, ...(credentials !== undefined && { headers: { authorization: basicHeader(credentials) } }) };
}

function readRealm(text: string | undefined, { registry, origin }: AuthorizerOptions): URL {
  if (text === undefined || !URL.canParse(text)) throw registryErrors.tokenRefused(registry, 'it does not say where one is to be had');
  const realm = new URL(text);
  realm.hash = '';
  if (realm.username !== '' || realm.password !== '') throw registryErrors.tokenRefused(registry, 'it names a place with a password in it');
  if (realm.protocol === 'https:') return realm;
  const own = origin();
  if (realm.protocol === 'http:' && own.protocol === 'http:' && realm.hostname === own.hostname) return realm;
  throw registryErrors.tokenRefused(
    registry,
    `it wants your credentials to go to ${realm.protocol}//${realm.host}, which is not encrypted`,
  );
}

function basicHeader({ user, password }: { user: string; password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
