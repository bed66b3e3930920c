/** Digests as they stand in what is signed: `sha256:<hex>`. */
import { createHash } from 'node:crypto';
import * as v from 'valibot';

/** The names of apptainer/sif, with Node's name and the length in bytes. MD4, MD5 and SHA-1 are not among them: they can be forged. */
const algorithms = {
  sha224: { node: 'sha224', sizeBytes: 28 },
  sha256: { node: 'sha256', sizeBytes: 32 },
  sha384: { node: 'sha384', sizeBytes: 48 },
  sha512: { node: 'sha512', sizeBytes: 64 },
  sha512_224: { node: 'sha512-224', sizeBytes: 28 },
  sha512_256: { node: 'sha512-256', sizeBytes: 32 },
} as const;
export type DigestAlgorithm = keyof typeof algorithms;

/** e.g. `sha256:9f86d0…`; parsed into its two parts. */
export const digestText = v.pipe(
  v.string(),
  v.maxLength(160),
  v.regex(/^[a-z0-9_]+:[0-9a-fA-F]+$/, 'is not ALGORITHM:HEXADECIMAL'),
  v.transform((text) => {
    const [algorithm = '', value = ''] = text.split(':');
    return { algorithm, value: value.toLowerCase() };
  }),
  v.check(({ algorithm }) => Object.hasOwn(algorithms, algorithm), 'is of an algorithm that is not accepted'),
  v.transform(({ algorithm, value }) => ({ algorithm: algorithm as DigestAlgorithm, value })),
  v.check(({ algorithm, value }) => value.length === 2 * algorithms[algorithm].sizeBytes, 'has the wrong length for its algorithm'),
);
export type Digest = v.InferOutput<typeof digestText>;

export function computeDigest(algorithm: DigestAlgorithm, bytes: Uint8Array): Digest {
  return { algorithm, value: createHash(algorithms[algorithm].node).update(bytes).digest('hex') };
}

/** The inverse of `digestText`. */
export function encodeDigest({ algorithm, value }: Digest): string {
  return `${algorithm}:${value}`;
}

export function sameDigest(one: Digest, other: Digest): boolean {
  return one.algorithm === other.algorithm && one.value === other.value;
}
