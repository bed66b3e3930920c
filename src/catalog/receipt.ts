import {
  callbackNames,
  callbacks,
  configurationValues,
  lifeCallbackNames,
  permissions,
  pluginDescription,
  pluginName,
  semanticVersion,
  sha256,
} from '@bulkhead/plugin-sdk/contract';
import { messageOf } from '#base/errors.js';
import { parseBoundedJson } from '#base/bounded-json.js';
import { checkManifest, encodeManifest } from '#package/package.js';
import * as v from 'valibot';
import { catalogErrors, type ReceiptRemains } from './errors.js';
import { findExcess } from './grants.js';
import { receiptFileName } from './layout.js';
import { SecretValues } from './secret-values.js';

/** The manifest has at most 1 MiB, the grants have no more than it asks for. */
export const RECEIPT_BYTES_MAX = 4 * 1_048_576;
export const RECEIPT_FORMAT = 1;

/** What a failure of the plugin means; `default` leaves it to each callback. */
export const onFailureChoice = v.picklist(['default', 'required', 'optional']);

const receiptSchema = v.strictObject({
  format: v.literal(RECEIPT_FORMAT),
  name: pluginName,
  enabled: v.boolean(),
  /** Of the package, which is named after it. */
  digest: sha256,
  installedAt: v.pipe(v.string(), v.isoTimestamp()),
  /** What the host that installed it offered. */
  contractVersion: semanticVersion,
  grants: permissions,
  onFailure: onFailureChoice,
  /** What the plugin runs in; `default` leaves it to what it asks for. */
  isolation: v.picklist(['default', 'thread', 'process']),
  /** The file that it was installed from, an absolute path: for `upgrade NAME`. */
  source: v.optional(v.pipe(v.string(), v.maxLength(4096))),
  /** What the operator set of it; what is secret stands apart. */
  configuration: v.optional(configurationValues),
  secrets: v.optional(
    v.pipe(
      configurationValues,
      v.transform((values) => new SecretValues(values)),
    ),
  ),
  /** A copy, so that list, inspect and help read one small file; the package has the last word when it is loaded. */
  manifest: pluginDescription,
});
export type Receipt = v.InferOutput<typeof receiptSchema>;
export type OnFailure = Receipt['onFailure'];
export type IsolationChoice = Receipt['isolation'];

const remainsSchema = v.object({
  name: v.optional(pluginName),
  enabled: v.optional(v.boolean()),
  onFailure: v.optional(v.string()),
  manifest: v.optional(v.object({ callbacks: v.optional(v.array(v.string())) })),
});

/** `fileName` binds the receipt to its name. The inverse of encodeReceipt. */
export function parseReceipt(bytes: Uint8Array, { file, fileName }: { readonly file: string; readonly fileName: string }): Receipt {
  const json = parseBoundedJson(bytes);
  if (!json.parsed) throw catalogErrors.receiptInvalid(file, json.why, {});
  const remains = describeRemains(json.value);
  const format = v.safeParse(v.object({ format: v.number() }), json.value);
  if (format.success && format.output.format > RECEIPT_FORMAT) throw catalogErrors.receiptNewer(file, format.output.format, remains);
  const result = v.safeParse(receiptSchema, json.value, { abortEarly: true });
  if (!result.success) throw catalogErrors.receiptInvalid(file, describeIssue(result.issues[0]), remains);
  const receipt = result.output;
  requireManifest(receipt, file, remains);
  if (receipt.manifest.name !== receipt.name) throw catalogErrors.unexpectedName(receipt.manifest.name, receipt.name, remains);
  // The manifest is bound to the package, the grants are not: whoever changed them gave no more than the plugin asks for.
  const excess = findExcess(receipt.manifest.permissions, receipt.grants);
  if (excess !== undefined) throw catalogErrors.receiptInvalid(file, `it grants ${excess}, which the plugin does not ask for`, remains);
  if (receiptFileName(receipt.name) !== fileName) throw catalogErrors.receiptInvalid(file, `it is the receipt of "${receipt.name}"`, {});
  return receipt;
}

/** What the schema cannot say, such as a callback without a version: enabling the plugin would stumble over it later. */
function requireManifest({ manifest }: Receipt, file: string, remains: ReceiptRemains): void {
  try {
    checkManifest(manifest, file);
  } catch (error) {
    throw catalogErrors.receiptInvalid(file, messageOf(error), remains);
  }
}

/** Takes more than a receipt, such as an installation, and leaves the rest out. The same receipt gives the same bytes. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const { secrets: _secrets, ...entries } = receiptSchema.entries;
  const own = v.parse(v.object(entries), receipt);
  const manifest = JSON.parse(new TextDecoder().decode(encodeManifest(own.manifest))) as unknown;
  return new TextEncoder().encode(
    `${JSON.stringify({ ...own, ...(receipt.secrets && { secrets: receipt.secrets.reveal() }), manifest })}\n`,
  );
}

/** Of a receipt, as much as could be read. */
export interface FailureTerms {
  readonly enabled?: boolean | undefined;
  readonly onFailure?: string | undefined;
  readonly manifest?: { readonly callbacks?: readonly string[] | undefined } | undefined;
}

/** Whether a container may be run without this plugin: not where the operator required it, nor where nobody can tell any more. */
export function isSkippable({ enabled, onFailure, manifest }: FailureTerms): boolean {
  if (enabled === false || onFailure === 'optional') return true;
  if (enabled === undefined || onFailure !== 'default' || manifest?.callbacks === undefined) return false;
  return manifest.callbacks.every((name) => isNoMomentOfARun(name) || reportsFailure(name));
}

/** Whether the operator wants no container without it. */
export function isRequired({ enabled, onFailure }: FailureTerms): boolean {
  return enabled === true && onFailure === 'required';
}

function isNoMomentOfARun(name: string): boolean {
  return name === 'command' || lifeCallbackNames.some((known) => known === name);
}

function reportsFailure(name: string): boolean {
  return callbackNames.some((known) => known === name && callbacks[known].onFailure === 'report');
}

function describeRemains(value: unknown): ReceiptRemains {
  const result = v.safeParse(remainsSchema, value);
  return result.success ? { plugin: result.output.name, skippable: isSkippable(result.output) } : {};
}

function describeIssue(issue: v.InferIssue<typeof receiptSchema>): string {
  const field = v.getDotPath(issue);
  return field === null ? issue.message : `${field}: ${issue.message}`;
}
