/**
 * The envelope of a signature: DSSE, as apptainer/sif writes it.
 *
 *   {"payloadType":"application/vnd.sylabs.sif-metadata+json","payload":"<base64>","signatures":[{"keyid":"SHA256:…","sig":"<base64>"}]}
 *
 * What is signed is not the payload alone but its PAE, which binds the type to it.
 */
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { describeIssue } from './issue.js';

export const PAYLOAD_TYPE = 'application/vnd.sylabs.sif-metadata+json';
/** A signature of 4096 objects in SHA-512 has 1.2 MiB, and base64 adds a third. */
const ENVELOPE_BYTES_MAX = 2 * 1_048_576;
/** Keys in one envelope. */
const SIGNATURES_MAX = 16;

export interface EnvelopeSignature {
  /** The fingerprint of the key, as the envelope claims it; may be empty. */
  readonly keyId: string;
  readonly value: Uint8Array;
}

export interface Envelope {
  readonly payload: Uint8Array;
  readonly signatures: readonly EnvelopeSignature[];
}

const base64 = v.pipe(
  v.string(),
  v.transform(decodeBase64),
  v.check((bytes) => bytes !== undefined, 'is not base64'),
  v.transform((bytes) => bytes ?? new Uint8Array()),
);

/** Shown to the operator, so that it is one short word. */
const keyId = v.pipe(v.string(), v.maxLength(256), v.regex(/^[\x21-\x7e]*$/, 'is no name of a key'));

/** What else stands in it is not signed, and is left out. */
const envelopeSchema = v.object({
  payloadType: v.literal(PAYLOAD_TYPE, 'is not the type of a signature of a SIF file'),
  payload: base64,
  signatures: v.pipe(
    v.array(v.object({ keyid: v.optional(keyId, ''), sig: v.pipe(v.string(), v.maxLength(8192), base64) })),
    v.minLength(1, 'has no signature'),
    v.maxLength(SIGNATURES_MAX, `has more than ${SIGNATURES_MAX} signatures`),
  ),
});

/** The envelope, or why it is none. The inverse of encodeEnvelope. */
export function parseEnvelope(bytes: Uint8Array): Envelope | string {
  if (bytes.length > ENVELOPE_BYTES_MAX) return `it has more than ${ENVELOPE_BYTES_MAX} bytes`;
  const json = parseBoundedJson(bytes);
  if (!json.parsed) return json.why;
  const checked = v.safeParse(envelopeSchema, json.value, { abortEarly: true });
  if (!checked.success) return describeIssue(checked.issues[0]);
  const { payload, signatures } = checked.output;
  return { payload, signatures: signatures.map(({ keyid, sig }) => ({ keyId: keyid, value: sig })) };
}

/** Key for key and byte for byte what apptainer/sif writes. */
export function encodeEnvelope({ payload, signatures }: Envelope): Uint8Array {
  const envelope = {
    payloadType: PAYLOAD_TYPE,
    payload: Buffer.from(payload).toString('base64'),
    signatures: signatures.map(({ keyId, value }) => ({ keyid: keyId, sig: Buffer.from(value).toString('base64') })),
  };
  return new TextEncoder().encode(JSON.stringify(envelope));
}

/** The bytes that a key signs: DSSE's pre-authentication encoding. */
export function encodeForSigning(payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload]);
}

/** Both alphabets, as DSSE allows. Only the canonical text: Node's own decoder skips what it does not know. */
function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  const urlText = text.replaceAll('-', '+').replaceAll('_', '/');
  return bytes.toString('base64') === urlText ? bytes : undefined;
}
