/**
 * What people write for an image of a registry, read strictly:
 *
 *      docker://HOST[:PORT]/NAME[:TAG][@sha256:HEX]      registry.example.com:5000/team/tool:1.2
 *      docker://[NAMESPACE/]NAME…                        Docker's short names: busybox -> docker.io/library/busybox:latest
 *
 * The first part is a host where it has a dot or a colon, or is `localhost`. Where there are both, the digest counts and the tag is told.
 */
import { registryErrors } from './errors.js';

export interface RegistryReference {
  /** As people and credentials name it: `docker.io`, `127.0.0.1:5000`. */
  readonly registry: string;
  /** To connect to: `registry-1.docker.io`. */
  readonly host: string;
  /** `library/busybox`. */
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:<64 hex>`. */
  readonly digest: string | undefined;
}

const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_HOST = 'registry-1.docker.io';
const DOCKER_HUB_NAMES: readonly string[] = [DOCKER_HUB, 'index.docker.io', DOCKER_HUB_HOST];
const DEFAULT_TAG = 'latest';

/** Of the whole reference; names of registries have at most 255 characters, tags 128, digests 71. */
const LENGTH_MAX = 512;
const REPOSITORY_LENGTH_MAX = 255;
const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*|\[[0-9a-fA-F:.]+\])(?::([0-9]{1,5}))?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** @param text with or without `docker://` */
export function parseRegistryReference(text: string): RegistryReference {
  const refuse = (why: string) => registryErrors.referenceInvalid(text, why);
  if (text.length > LENGTH_MAX) throw refuse(`it has more than ${LENGTH_MAX} characters`);
  const { name, tag, digest } = split(text.replace(/^docker:\/\//, ''));
  if (digest !== undefined && !DIGEST.test(digest)) throw refuse('its digest is not sha256: and 64 hexadecimal digits');
  if (tag !== undefined && !TAG.test(tag)) throw refuse(`"${tag}" cannot be a tag`);
  const { registry, path } = splitHost(name);
  if (path === '') throw refuse('it names no image');
  const port = HOST.exec(registry)?.[1];
  if (!HOST.test(registry) || !URL.canParse(`https://${registry}/`) || port === '0') throw refuse(`"${registry}" cannot be a registry`);
  const isHub = DOCKER_HUB_NAMES.includes(registry);
  const repository = isHub && !path.includes('/') ? `library/${path}` : path;
  if (repository.length > REPOSITORY_LENGTH_MAX) throw refuse(`its name has more than ${REPOSITORY_LENGTH_MAX} characters`);
  const odd = repository.split('/').find((component) => !COMPONENT.test(component));
  if (odd !== undefined) throw refuse(`"${odd}" cannot be a part of a name, which has small letters, digits and . _ - between them`);
  return {
    registry: isHub ? DOCKER_HUB : registry,
    host: isHub ? DOCKER_HUB_HOST : registry,
    repository,
    tag: tag ?? (digest === undefined ? DEFAULT_TAG : undefined),
    digest,
  };
}

/** `docker.io/library/busybox:latest`: one name for all ways of writing it. The inverse of parseRegistryReference. */
export function formatRegistryReference({ registry, repository, tag, digest }: RegistryReference): string {
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function split(text: string): { name: string; tag: string | undefined; digest: string | undefined } {
  const at = text.indexOf('@');
  const [before, digest] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  const colon = before.indexOf(':', before.lastIndexOf('/') + 1);
  // `host:5000` alone has no name: there a colon stands before a port.
  return colon < 0 ? { name: before, tag: undefined, digest } : { name: before.slice(0, colon), tag: before.slice(colon + 1), digest };
}

function splitHost(name: string): { registry: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost';
  return isHost ? { registry: first, path: name.slice(slash + 1) } : { registry: DOCKER_HUB, path: name };
}
