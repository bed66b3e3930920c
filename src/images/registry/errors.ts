/** Why an image cannot be pulled. What a registry says itself is shortened here, and cleaned where it is printed. */
import { type BulkheadError, userError } from '#base/errors.js';
import { shorten } from '#base/text.js';

/** Of what a registry says, quoted in a message. */
const QUOTE_LENGTH_MAX = 200;
/** It is the registry's own fault. */
const ELSEWHERE = 'tell whoever runs the registry, or pull the image from another one';
const LOGIN = (registry: string): string => `podman login ${registry}   (or: docker login ${registry})`;

export const registryErrors = {
  referenceInvalid: (text: string, why: string): BulkheadError =>
    userError('REGISTRY_REFERENCE_INVALID', `Cannot pull "${shorten(text, QUOTE_LENGTH_MAX)}": ${why}`, {
      hint: 'bulkhead image pull docker://registry.example.com/team/image:tag',
      data: { reference: shorten(text, QUOTE_LENGTH_MAX) },
    }),

  /** `host` is the one that was asked: Docker's registry is not where its name leads. */
  unreachable: ({ registry, host }: Record<'registry' | 'host', string>, why: string, cause?: unknown): BulkheadError =>
    userError('REGISTRY_UNREACHABLE', `Cannot reach registry ${registry}${host === registry ? '' : ` at ${host}`}: ${why}`, {
      hint: `curl -v https://${host}/v2/   (behind a proxy: HTTPS_PROXY and NO_PROXY must be set)`,
      data: { registry, host },
      cause,
    }),

  notTls: (registry: string, cause: unknown): BulkheadError =>
    userError('REGISTRY_NOT_TLS', `Cannot trust registry ${registry}: it does not speak TLS, and plain http is not allowed for it`, {
      hint: `on a network that you trust: --insecure-registry ${registry}`,
      data: { registry },
      cause,
    }),

  notTrusted: ({ registry, host }: Record<'registry' | 'host', string>, why: string, cause: unknown): BulkheadError =>
    userError('REGISTRY_NOT_TRUSTED', `Cannot trust registry ${registry}: ${why}`, {
      hint: `put its authority into /etc/containers/certs.d/${host}/ca.crt   (or, on a network that you trust: --tls-verify=false)`,
      data: { registry, host },
      cause,
    }),

  denied: (registry: string, image: string, { asked, said }: { asked: boolean; said: string }): BulkheadError =>
    userError(
      'REGISTRY_DENIED',
      `Cannot pull ${image}: registry ${registry} ${asked ? 'refuses the credentials that were given' : 'wants credentials, and there are none for it'}, or there is no such image${quoted(said)}`,
      { hint: LOGIN(registry), data: { registry, image } },
    ),

  notFound: (registry: string, image: string, said: string): BulkheadError =>
    userError('REGISTRY_IMAGE_NOT_FOUND', `Cannot pull ${image}: registry ${registry} has no such image or tag${quoted(said)}`, {
      hint: `skopeo list-tags docker://${image.replace(/(?:@.*|:[^:/]*)$/, '')}`,
      data: { registry, image },
    }),

  gaveUp: (registry: string, what: string, { why, attempts }: { why: string; attempts: number }): BulkheadError =>
    userError('REGISTRY_GAVE_UP', `Cannot get ${what} from registry ${registry}: ${why} (tried ${attempts} times)`, {
      hint: 'type the same again: what has been pulled is kept',
      data: { registry, what, attempts },
    }),

  answerInvalid: (registry: string, what: string, why: string): BulkheadError =>
    userError('REGISTRY_ANSWER_INVALID', `Cannot use ${what} of registry ${registry}: ${why}`, {
      hint: ELSEWHERE,
      data: { registry, what },
    }),

  digestMismatch: (registry: string, what: string, { wanted, got }: { wanted: string; got: string }): BulkheadError =>
    userError('REGISTRY_DIGEST_MISMATCH', `Cannot use ${what} of registry ${registry}: its digest is ${got} instead of ${wanted}`, {
      hint: 'type the same again; if that does not help, the registry or what stands before it changes what it sends',
      data: { registry, wanted, got },
    }),

  redirectRefused: (registry: string, what: string, why: string): BulkheadError =>
    userError('REGISTRY_REDIRECT_REFUSED', `Cannot get ${what} from registry ${registry}: ${why}`, {
      hint: ELSEWHERE,
      data: { registry, what },
    }),

  tokenRefused: (registry: string, why: string): BulkheadError =>
    userError('REGISTRY_TOKEN_REFUSED', `Cannot get a token for registry ${registry}: ${why}`, {
      hint: LOGIN(registry),
      data: { registry },
    }),

  notAnImage: (image: string, why: string): BulkheadError =>
    userError('REGISTRY_NOT_AN_IMAGE', `Cannot pull ${image}: ${why}`, {
      hint: `skopeo inspect --raw docker://${image}`,
      data: { image },
    }),

  credentialsUnusable: (where: string, why: string, cause?: unknown): BulkheadError =>
    userError('REGISTRY_CREDENTIALS_UNUSABLE', `Cannot read credentials from ${where}: ${why}`, {
      hint: `mend ${where}, or log in again`,
      data: { where },
      cause,
    }),
};

function quoted(said: string): string {
  return said === '' ? '' : ` (it says: ${shorten(said, QUOTE_LENGTH_MAX)})`;
}
