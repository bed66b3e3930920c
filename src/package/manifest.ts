import { CONTRACT, pluginDescription, type PluginDescription } from '@bulkhead/plugin-sdk/contract';
import { parseBoundedJson } from '#base/bounded-json.js';
import semver from 'semver';
import * as v from 'valibot';
import { findCommandLineFaults } from './command-line.js';
import { packageErrors } from './errors.js';

export type Manifest = PluginDescription;

export const MANIFEST_BYTES_MAX = 1_048_576;

const { name, version, author, description, ...rest } = pluginDescription.entries;

/**
 * The contract's description in the order of the file: Apptainer's four keys first. Keys at the top that this host does not know are
 * left out, not refused: the manifest of a newer host must be readable as far as the version lock, which then refuses it by name.
 */
const manifestSchema = v.pipe(
  v.object({ name, author, version, description, ...rest }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const message of [...findUnstamped(dataset.value), ...findCommandLineFaults(dataset.value)]) addIssue({ message });
  }),
);

/** Reads `plugin.manifest`. `path` is the package, for errors. The inverse of encodeManifest. */
export function parseManifest(bytes: Uint8Array, path: string): Manifest {
  if (bytes.length > MANIFEST_BYTES_MAX) throw packageErrors.manifestInvalid(path, `it has more than ${MANIFEST_BYTES_MAX} bytes`);
  const json = parseBoundedJson(bytes);
  if (!json.parsed) throw packageErrors.manifestInvalid(path, json.why);
  return checkManifest(json.value, path);
}

/** `path` is the package, or what it will be made of; for errors. */
export function checkManifest(value: unknown, path: string): Manifest {
  checkName(value, path);
  const result = v.safeParse(manifestSchema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue) ?? undefined;
  const newer = findNewerContract(value);
  if (newer !== undefined) throw packageErrors.manifestNewer(path, { ...newer, why: field ?? 'all of it' });
  throw packageErrors.manifestInvalid(path, issue.message, field);
}

/** One line of JSON; keys in the schema's order, names sorted. The same manifest gives the same bytes. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const { contract, commands, flags, ...others } = checkManifest(manifest, manifest.name);
  const ordered: Manifest = {
    ...others,
    contract: { ...contract, callbacks: sortKeys(contract.callbacks), powers: sortKeys(contract.powers) },
    flags: sortKeys(flags, (of) => sortKeys(of)),
    commands: sortKeys(commands, (command) => (command.flags === undefined ? command : { ...command, flags: sortKeys(command.flags) })),
  };
  const inOrder = Object.fromEntries(Object.keys(manifestSchema.entries).map((key) => [key, Reflect.get(ordered, key)]));
  return new TextEncoder().encode(`${JSON.stringify(inOrder)}\n`);
}

export function sameManifest(one: Manifest, other: Manifest): boolean {
  return Buffer.compare(encodeManifest(one), encodeManifest(other)) === 0;
}

/** Apptainer's two refusals come before all others, in its words. */
function checkName(manifest: unknown, path: string): void {
  const result = v.safeParse(v.object({ name: v.string() }), manifest);
  if (!result.success) return;
  if (result.output.name === '') throw packageErrors.nameEmpty(path);
  if (result.output.name.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw packageErrors.nameTraverses(path, result.output.name);
}

/** A callback that the stamp leaves out would slip past the version lock. */
function findUnstamped({ callbacks, commands, contract, imageSchemes, imageFeatures, runtimes, networks }: Manifest): string[] {
  const problems = callbacks
    .filter((callback) => !Object.hasOwn(contract.callbacks, callback))
    .map((callback) => `callbacks: ${JSON.stringify(callback)} has no version in contract.callbacks`);
  if (Object.keys(commands).length > 0 && !callbacks.includes('command'))
    problems.push('commands: there are some, and callbacks lacks "command"');
  if (imageSchemes.length > 0 && !callbacks.includes('registerImageDriver'))
    problems.push('imageSchemes: there are some, and callbacks lacks "registerImageDriver"');
  if (imageFeatures.length > 0 && !callbacks.includes('mountImage'))
    problems.push('imageFeatures: there are some, and callbacks lacks "mountImage"');
  if (runtimes.length > 0 && !callbacks.includes('runtime')) problems.push('runtimes: there are some, and callbacks lacks "runtime"');
  if (networks.length > 0 && !callbacks.includes('network')) problems.push('networks: there are some, and callbacks lacks "network"');
  return problems;
}

/** Name and contract of a manifest that was built for a newer host, whatever else it holds. */
function findNewerContract(manifest: unknown): { name: string; built: string; offered: string } | undefined {
  const result = v.safeParse(v.object({ name, contract: v.object({ version }) }), manifest);
  if (!result.success) return undefined;
  const built = result.output.contract.version;
  if (semver.valid(built) === null || semver.compare(built, CONTRACT.version) <= 0) return undefined;
  return { name: result.output.name, built, offered: CONTRACT.version };
}

function sortKeys<T>(values: Readonly<Record<string, T>>, change: (value: T) => T = (value) => value): Record<string, T> {
  const entries = Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, change(value)]));
}
