/**
 * Who you are to a registry, as Docker, Podman and Skopeo keep it; the first of these that knows the registry has the word:
 *
 *      $REGISTRY_AUTH_FILE   $XDG_RUNTIME_DIR/containers/auth.json   ~/.config/containers/auth.json
 *      $DOCKER_CONFIG/config.json, or ~/.docker/config.json
 *
 *      { "auths": { "HOST[/NAMESPACE]": { "auth": base64 of user:password, "identitytoken"? } },
 *        "credHelpers": { HOST: NAME }, "credsStore": NAME }         NAME is the program docker-credential-NAME, which is asked
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { BulkheadError, messageOf, systemCodeOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import { registryErrors } from './errors.js';
import type { RegistryReference } from './reference.js';

export type Credentials =
  | { readonly type: 'password'; readonly user: string; readonly password: string }
  /** Is given for tokens, and to nobody else. */
  | { readonly type: 'identity'; readonly token: string };

export interface CredentialPlaces {
  /** In order. */
  readonly files: readonly string[];
  /** What the programs of credHelpers and credsStore are started with; PATH is where they are found. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly helperDeadlineMs?: number;
}

const FILE_BYTES_MAX = 1_048_576;
const HELPER_DEADLINE_MS = 30_000;
const HELPER_BYTES_MAX = 65_536;
/** As Docker calls itself in its own file. */
const HUB_KEY = 'https://index.docker.io/v1/';
const HELPER_NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;
/** How a helper calls a secret that is an identity token. */
const IDENTITY_USER = '<token>';

const text = v.pipe(v.string(), v.maxLength(65_536));
/** Docker's file holds much else; no business of ours. */
const fileSchema = v.object({
  auths: v.optional(
    v.record(
      text,
      v.object({ auth: v.optional(text), username: v.optional(text), password: v.optional(text), identitytoken: v.optional(text) }),
    ),
  ),
  credHelpers: v.optional(v.record(text, text)),
  credsStore: v.optional(text),
});
type AuthFile = v.InferOutput<typeof fileSchema>;
const helperSchema = v.object({ Username: text, Secret: text });

export function credentialPlaces(env: Readonly<Record<string, string | undefined>>, home: string): CredentialPlaces {
  const files = [
    ...(env['REGISTRY_AUTH_FILE'] ? [env['REGISTRY_AUTH_FILE']] : []),
    ...(env['XDG_RUNTIME_DIR'] ? [join(env['XDG_RUNTIME_DIR'], 'containers/auth.json')] : []),
    join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'containers/auth.json'),
    join(env['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json'),
  ];
  return { files, env };
}

/** Undefined where nobody is known to this registry. Throws REGISTRY_CREDENTIALS_UNUSABLE. */
export async function findCredentials(
  reference: Pick<RegistryReference, 'registry' | 'repository'>,
  places: CredentialPlaces,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  for (const file of places.files) {
    const found = await lookIn(file, reference, places, signal);
    if (found !== undefined) return found;
  }
  return undefined;
}

type Wanted = Pick<RegistryReference, 'registry' | 'repository'>;

async function lookIn(file: string, wanted: Wanted, places: CredentialPlaces, signal: AbortSignal): Promise<Credentials | undefined> {
  const config = await readAuthFile(file);
  if (config === undefined) return undefined;
  const isHub = wanted.registry === 'docker.io';
  const key = isHub ? HUB_KEY : wanted.registry;
  const helper = config.credHelpers?.[wanted.registry] ?? (isHub ? config.credHelpers?.[HUB_KEY] : undefined);
  const stored = helper ?? (config.credsStore || undefined);
  // A helper that knows nothing of it says nothing against what the file itself has.
  const told = stored === undefined ? undefined : await askHelper(file, { name: stored, key }, places, signal);
  return told ?? readEntry(file, findEntry(config.auths ?? {}, wanted));
}

async function readAuthFile(file: string): Promise<AuthFile | undefined> {
  try {
    const { bytes } = await readRegularFile(file, { bytesMax: FILE_BYTES_MAX });
    if (bytes.length === 0) return undefined;
    const json = parseBoundedJson(bytes);
    if (!json.parsed) throw registryErrors.credentialsUnusable(file, json.why);
    const checked = v.safeParse(fileSchema, json.value, { abortEarly: true });
    // Without the message, which quotes what it found: that may be a secret.
    if (!checked.success)
      throw registryErrors.credentialsUnusable(file, `${v.getDotPath(checked.issues[0]) ?? 'it'} is not of the form that is expected`);
    return checked.output;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined;
    if (error instanceof BulkheadError && error.code === 'REGISTRY_CREDENTIALS_UNUSABLE') throw error;
    throw registryErrors.credentialsUnusable(file, code ?? messageOf(error), error);
  }
}

/** The longest key that is the registry, or the beginning of the image's name: `quay.io/team/tool`, `quay.io/team`, `quay.io`. */
function findEntry(auths: NonNullable<AuthFile['auths']>, { registry, repository }: Wanted) {
  const entries = new Map(Object.entries(auths).map(([key, entry]) => [normalizeKey(key), entry]));
  const parts = [registry, ...repository.split('/')];
  for (let count = parts.length; count > 0; count -= 1) {
    const entry = entries.get(parts.slice(0, count).join('/'));
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** Docker writes `https://host/v1/` too, where the path means nothing. */
function normalizeKey(key: string): string {
  const bare = key.replace(/^https?:\/\//, '');
  const name = bare === key ? key.replace(/\/$/, '') : (bare.split('/')[0] ?? '');
  return name === 'index.docker.io' || name === 'registry-1.docker.io' ? 'docker.io' : name;
}

function readEntry(file: string, entry: NonNullable<AuthFile['auths']>[string] | undefined): Credentials | undefined {
  if (entry === undefined) return undefined;
  if (entry.identitytoken) return { type: 'identity', token: entry.identitytoken };
  if (entry.auth) {
    const decoded = Buffer.from(entry.auth, 'base64').toString('utf8').replace(/\0+$/, '');
    const colon = decoded.indexOf(':');
    if (colon < 1) throw registryErrors.credentialsUnusable(file, 'an "auth" is not base64 of user:password');
    return { type: 'password', user: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
  }
  // What `docker logout` leaves is an empty entry.
  return entry.username ? { type: 'password', user: entry.username, password: entry.password ?? '' } : undefined;
}

async function askHelper(
  file: string,
  { name, key }: { name: string; key: string },
  places: CredentialPlaces,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  if (!HELPER_NAME.test(name)) throw registryErrors.credentialsUnusable(file, 'the name of its credential helper cannot be one');
  const program = `docker-credential-${name}`;
  const { exitCode, stdout } = await runHelper(program, key, places, signal);
  // Its words for "I know nothing of that", on standard output, as all helpers have them.
  if (exitCode !== 0 && /credentials not found|no credentials/i.test(stdout)) return undefined;
  if (exitCode !== 0) throw registryErrors.credentialsUnusable(program, `it ended with ${exitCode}`);
  const json = parseBoundedJson(Buffer.from(stdout));
  const checked = v.safeParse(helperSchema, json.parsed ? json.value : undefined);
  if (!checked.success) throw registryErrors.credentialsUnusable(program, 'its answer is not of the form that is expected');
  const { Username: user, Secret: secret } = checked.output;
  return user === IDENTITY_USER ? { type: 'identity', token: secret } : { type: 'password', user, password: secret };
}

/** In a process group of its own, which ends with the deadline: a helper may wait for somebody at a window that nobody sees. */
function runHelper(
  program: string,
  key: string,
  { env, helperDeadlineMs: deadlineMs = HELPER_DEADLINE_MS }: CredentialPlaces,
  signal: AbortSignal,
): Promise<{ exitCode: number | string; stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { env: { ...env }, stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    const end = (why: unknown): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
      reject(why instanceof Error ? why : new Error(messageOf(why)));
    };
    const abort = (): void => end(signal.reason);
    const timer = setTimeout(() => end(registryErrors.credentialsUnusable(program, `no answer within ${deadlineMs / 1000} s`)), deadlineMs);
    signal.addEventListener('abort', abort, { once: true });
    const chunks: Buffer[] = [];
    let length = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > HELPER_BYTES_MAX) end(registryErrors.credentialsUnusable(program, `it says more than ${HELPER_BYTES_MAX} bytes`));
      else chunks.push(chunk);
    });
    child.once('error', (error) => end(registryErrors.credentialsUnusable(program, systemCodeOf(error) ?? messageOf(error), error)));
    child.once('close', (code, killedBy) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve({ exitCode: code ?? killedBy ?? 'no exit code', stdout: Buffer.concat(chunks).toString('utf8') });
    });
    // It may not read at all.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${key}\n`);
  });
}
