/**
 * Whether a package is signed, and by whom. Stricter than apptainer/sif where a file could carry more than was signed.
 *
 *   modified    a signature does not fit the file, or the file holds something that no signature covers
 *   signed      by a trusted key; every other signature fits, too, or is of a key that is not known
 *   revoked     by a revoked key, and by no trusted one
 *   untrusted   by keys that are not known, or in a form that is not supported
 *   unsigned    there is no signature
 *
 * What is asked first stands first. Everything is about the bytes at hand; whoever evaluates the script evaluates these.
 */
import { DATA_TYPES, readSif, type SifObject } from '#sif/sif.js';
import type { PluginPackage } from '../read.js';
import { computeDigest, type Digest, type DigestAlgorithm } from './digest.js';
import { encodeForSigning, parseEnvelope, type Envelope, type EnvelopeSignature } from './envelope.js';
import { viewGroup } from './group-view.js';
import type { PublicKey } from './key.js';
import { findDifference, parseMetadata, type ComputeDigest, type GroupView } from './metadata.js';
import { findUncovered } from './uncovered.js';

export type SignatureState = 'modified' | 'signed' | 'revoked' | 'untrusted' | 'unsigned';

/** The keys that can be told apart; others are unknown. A key in both is revoked. */
export interface Keyring {
  readonly trusted: readonly PublicKey[];
  readonly revoked: readonly PublicKey[];
}

/** What is to be said of one signature of a file. */
export interface SignatureFinding {
  /** Of the object that holds it. */
  readonly id: number;
  readonly format: 'DSSE' | 'PGP' | 'unknown';
  /** Fingerprints of keys that are known, and have signed. */
  readonly signedBy: readonly string[];
  /** Keys that are named and not known, as the signature claims them. */
  readonly claimedBy: readonly string[];
  /** Why it counts for nothing. */
  readonly problem?: string;
}

export interface SignatureReport {
  readonly state: SignatureState;
  /** Fingerprints of the trusted keys that have signed; empty unless `state` is `signed`. */
  readonly signers: readonly string[];
  /** Why it is not `signed`, in words. */
  readonly reason?: string;
  readonly signatures: readonly SignatureFinding[];
}

/** Verifying takes time for each; no package has so many. */
const SIGNATURES_MAX = 16;

/** Whether there is a signature of it; examinePackage says what that is worth. */
export function hasSignature({ bytes, groupId }: Pick<PluginPackage, 'bytes' | 'groupId'>): boolean {
  return readSif(bytes).objects.some(isSignatureOf(groupId));
}

function isSignatureOf(groupId: number): (object: SifObject) => boolean {
  return ({ dataType, linkedGroupId }) => dataType === DATA_TYPES.signature && linkedGroupId === groupId;
}

/** Whether a package is signed, and by whom: of these very bytes. */
export function examinePackage({ bytes, groupId }: Pick<PluginPackage, 'bytes' | 'groupId'>, keyring: Keyring): SignatureReport {
  return examineSignatures(bytes, groupId, keyring);
}

/**
 * Examines the signatures of one group of a SIF file. Throws where the file is no SIF file, and for nothing else: what is wrong with
 * a signature is an answer.
 */
export function examineSignatures(file: Uint8Array, groupId: number, keyring: Keyring): SignatureReport {
  const sif = readSif(file);
  const signatures = sif.objects.filter(({ dataType }) => dataType === DATA_TYPES.signature);
  const about = signatures.filter(isSignatureOf(groupId));
  if (about.length === 0) return { state: 'unsigned', signers: [], reason: 'it has no signature', signatures: [] };
  if (signatures.length > SIGNATURES_MAX)
    return { state: 'modified', signers: [], reason: `it has more than ${SIGNATURES_MAX} signatures`, signatures: [] };
  const group = viewGroup(sif, groupId);
  const compute = rememberDigests();
  const findings = about.map((object) => examine(object, { group, keyring, compute }));
  return judge(findings, keyring, findUncovered(file, sif, groupId));
}

function judge(findings: readonly Finding[], { revoked }: Keyring, uncovered: string | undefined): SignatureReport {
  const signatures = findings.map(({ finding }) => finding);
  const broken = findings.find(({ isBroken }) => isBroken)?.finding;
  if (broken !== undefined) {
    const reason = `signature object ${broken.id} not valid: ${broken.problem ?? 'it does not fit'}`;
    return { state: 'modified', signers: [], reason, signatures };
  }
  if (uncovered !== undefined) return { state: 'modified', signers: [], reason: uncovered, signatures };
  const known = [...new Set(signatures.flatMap(({ signedBy }) => signedBy))];
  const isRevoked = (fingerprint: string): boolean => revoked.some((key) => key.fingerprint === fingerprint);
  const signers = known.filter((fingerprint) => !isRevoked(fingerprint));
  if (signers.length > 0) return { state: 'signed', signers, signatures };
  if (known.length > 0) return { state: 'revoked', signers, reason: `it is signed by ${known.join(', ')}, which is revoked`, signatures };
  return { state: 'untrusted', signers, reason: describeUnknown(signatures), signatures };
}

function describeUnknown(signatures: readonly SignatureFinding[]): string {
  const claimed = [...new Set(signatures.flatMap(({ claimedBy }) => claimedBy))];
  if (claimed.length > 0) return `it is signed by ${claimed.join(', ')}, which is not among the trusted keys`;
  return signatures.find(({ problem }) => problem !== undefined)?.problem ?? 'none of its signatures is by a trusted key';
}

interface Finding {
  readonly finding: SignatureFinding;
  /** The file is not what this signature is about, or somebody has changed the signature. */
  readonly isBroken: boolean;
}

function examine({ id, data }: SifObject, scene: { group: GroupView; keyring: Keyring; compute: ComputeDigest }): Finding {
  const none = { id, signedBy: [], claimedBy: [] };
  if (isPgp(data)) {
    const problem = 'it is signed with PGP, which is not supported: sign it with bulkhead plugin sign, or apptainer sign --key';
    return { isBroken: false, finding: { ...none, format: 'PGP', problem } };
  }
  const envelope = parseEnvelope(data);
  if (typeof envelope === 'string') return { isBroken: true, finding: { ...none, format: 'unknown', problem: envelope } };
  const { problem, ...keys } = examineEnvelope(envelope, scene);
  return { isBroken: problem !== undefined, finding: { id, format: 'DSSE', ...keys, ...(problem !== undefined && { problem }) } };
}

interface EnvelopeFinding {
  readonly signedBy: readonly string[];
  readonly claimedBy: readonly string[];
  readonly problem?: string | undefined;
}

/** The payload is compared with the file whoever signed it: one that does not fit is no good news from anybody. */
function examineEnvelope(
  { payload, signatures }: Envelope,
  { group, keyring, compute }: { group: GroupView; keyring: Keyring; compute: ComputeDigest },
): EnvelopeFinding {
  const nobody = { signedBy: [], claimedBy: [] };
  const metadata = parseMetadata(payload);
  if (typeof metadata === 'string') return { ...nobody, problem: `metadata: ${metadata}` };
  const difference = findDifference(metadata, group, compute);
  if (difference !== undefined) return { ...nobody, problem: difference };
  const message = encodeForSigning(payload);
  const keys = [...keyring.revoked, ...keyring.trusted];
  const tried = signatures.map((signature) => ({ signature, key: findSigner(signature, message, keys) }));
  const forged = tried.find(({ signature, key }) => key === undefined && keys.some(({ fingerprint }) => fingerprint === signature.keyId));
  if (forged !== undefined) return { ...nobody, problem: `it is not by ${forged.signature.keyId}, as it claims` };
  return {
    signedBy: [...new Set(tried.flatMap(({ key }) => key?.fingerprint ?? []))],
    claimedBy: tried.filter(({ key }) => key === undefined).map(({ signature }) => signature.keyId || 'an unnamed key'),
  };
}

/** The key id is a hint that nobody has signed: it may leave keys out, and no more. */
function findSigner({ keyId, value }: EnvelopeSignature, message: Uint8Array, keys: readonly PublicKey[]): PublicKey | undefined {
  return keys.filter(({ fingerprint }) => keyId === '' || keyId === fingerprint).find(({ verifies }) => verifies(message, value));
}

function isPgp(data: Uint8Array): boolean {
  const start = Buffer.from(data.subarray(0, 64)).toString('latin1').trimStart();
  return start.startsWith('-----BEGIN PGP SIGNED MESSAGE-----') || start.startsWith('-----BEGIN PGP SIGNATURE-----');
}

/** Several signatures digest the same megabytes. The views stay the same while a file is examined. */
function rememberDigests(): ComputeDigest {
  const known = new Map<Uint8Array, Map<DigestAlgorithm, Digest>>();
  return (algorithm, bytes) => {
    const ofBytes = known.get(bytes) ?? new Map<DigestAlgorithm, Digest>();
    const digest = ofBytes.get(algorithm) ?? computeDigest(algorithm, bytes);
    known.set(bytes, ofBytes.set(algorithm, digest));
    return digest;
  };
}
