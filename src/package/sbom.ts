/**
 * What was bundled into a plugin: a CycloneDX 1.6 document, as the object `plugin.sbom`. No time and no serial number: the same source
 * gives the same bytes. What is read is what stands in a package, and may be anything; it is believed in no decision.
 */
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { packageErrors } from './errors.js';
import type { Manifest } from './manifest.js';
import { describeIssue } from './signatures/issue.js';

export const SBOM_BYTES_MAX = 4 * 1_048_576;
const COMPONENTS_MAX = 8192;

/** One package of npm. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** What its package.json says, most often an SPDX expression. */
  readonly licence?: string | undefined;
}

/** One line: what stands in it is shown. */
const text = (lengthMax: number) =>
  v.pipe(v.string(), v.minLength(1), v.maxLength(lengthMax), v.regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'is not one line'));

/** An SPDX expression, or the licence by its own name. */
const licence = v.union([
  v.object({ expression: text(512) }),
  v.object({ license: v.union([v.object({ id: text(128) }), v.object({ name: text(512) })]) }),
]);

const component = v.object({
  type: v.picklist([
    'application',
    'framework',
    'library',
    'container',
    'platform',
    'operating-system',
    'device',
    'device-driver',
    'firmware',
    'file',
    'machine-learning-model',
    'data',
    'cryptographic-asset',
  ]),
  'bom-ref': v.optional(text(1024)),
  group: v.optional(text(512)),
  name: text(512),
  version: v.optional(text(512)),
  licenses: v.optional(v.pipe(v.array(licence), v.maxLength(64))),
  purl: v.optional(text(2048)),
});

/** Of CycloneDX 1.4 to 1.6, what Bulkhead writes and shows; the rest is left out. */
const sbomSchema = v.object({
  bomFormat: v.literal('CycloneDX'),
  specVersion: v.picklist(['1.4', '1.5', '1.6']),
  version: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  metadata: v.optional(v.object({ component: v.optional(component) })),
  components: v.optional(v.pipe(v.array(component), v.maxLength(COMPONENTS_MAX)), []),
});
export type Sbom = v.InferOutput<typeof sbomSchema>;
type Component = Sbom['components'][number];

/** The document of a plugin, as it stands in its package. */
export function encodeSbom({ name, version }: Pick<Manifest, 'name' | 'version'>, packages: readonly BundledPackage[]): Uint8Array {
  const sbom: Sbom = v.parse(sbomSchema, {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', 'bom-ref': 'plugin', name, version } },
    components: packages.map(describePackage).toSorted((one, other) => (refOf(one) < refOf(other) ? -1 : 1)),
  });
  return new TextEncoder().encode(`${JSON.stringify(sbom, null, 2)}\n`);
}

/** Reads the document of a package. `path` is the package, for errors. The inverse of encodeSbom. */
export function parseSbom(bytes: Uint8Array, path: string): Sbom {
  if (bytes.length > SBOM_BYTES_MAX) throw packageErrors.sbomInvalid(path, `it has more than ${SBOM_BYTES_MAX} bytes`);
  const json = parseBoundedJson(bytes);
  if (!json.parsed) throw packageErrors.sbomInvalid(path, json.why);
  const checked = v.safeParse(sbomSchema, json.value, { abortEarly: true });
  if (checked.success) return checked.output;
  throw packageErrors.sbomInvalid(path, describeIssue(checked.issues[0]));
}

/** The document in short. */
export function listBundled({ components }: Sbom): BundledPackage[] {
  return components.map(({ group, name, version = '', licenses = [] }) => ({
    name: group === undefined ? name : `${group}/${name}`,
    version,
    licence: licenses.length === 0 ? undefined : licenses.map(nameOfLicence).join(', '),
  }));
}

function describePackage({ name, version, licence: declared }: BundledPackage): Component {
  const [, group, own = name] = /^(@[^/]+)\/(.+)$/.exec(name) ?? [];
  const purl = `pkg:npm/${group === undefined ? '' : `${encodeURIComponent(group)}/`}${encodeURIComponent(own)}@${encodeURIComponent(version)}`;
  return {
    type: 'library',
    'bom-ref': purl,
    ...(group !== undefined && { group }),
    name: own,
    version,
    ...(declared !== undefined && { licenses: [describeLicence(declared)] }),
    purl,
  };
}

/** `MIT`, `(MIT OR Apache-2.0)`; not `SEE LICENSE IN licence.txt`, nor npm's own `UNLICENSED`. */
function describeLicence(declared: string): v.InferOutput<typeof licence> {
  const words = declared.replace(/[()]/g, ' ').trim().split(/\s+/);
  const isId = (word: string | undefined): boolean =>
    word !== undefined && /^[A-Za-z0-9][A-Za-z0-9.+:-]*$/.test(word) && word !== 'UNLICENSED';
  const isExpression =
    words.every((word, index) => (index % 2 === 0 ? isId(word) : ['AND', 'OR', 'WITH'].includes(word))) && words.length % 2 === 1;
  return isExpression ? { expression: declared } : { license: { name: declared } };
}

function nameOfLicence(one: v.InferOutput<typeof licence>): string {
  if ('expression' in one) return one.expression;
  return 'id' in one.license ? one.license.id : one.license.name;
}

function refOf(one: Component): string {
  return one['bom-ref'] ?? one.name;
}
