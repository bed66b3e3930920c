import type { SignatureReport } from '#package/package.js';

/** A signature in one line, e.g. `Signed by SHA256:47DEQpj8…`. What the package claims stands in it: to be cleaned before it is shown. */
export function describeSignature({ state, signers, reason }: SignatureReport): string {
  if (state === 'signed') return `Signed by ${signers.join(', ')}`;
  return `Signature ${state}: ${reason ?? 'nothing is known of it'}`;
}
