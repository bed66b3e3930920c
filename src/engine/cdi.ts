/**
 * Devices by the Container Device Interface: a vendor's file says what a container needs to use one.
 *
 *      vendor.com/gpu=0   ─▶   { "kind": "vendor.com/gpu", "devices": [{ "name": "0", "containerEdits": … }], "containerEdits": … }
 *
 * Read as JSON; device nodes, mounts and variables are carried out. What else a file asks for (hooks, groups) is refused, not left
 * out: a device that works by half is worse than none.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import { cdiDeviceUnknown, cdiSpecInvalid } from './errors.js';
import { isCanonicalPath } from './mounts/destinations.js';
import { parseEnvironment } from './request.js';
import type { Device } from './options.js';
import type { Mount } from './shapes.js';

export interface CdiEdits {
  readonly devices: readonly Device[];
  readonly mounts: readonly Mount[];
  readonly env: Readonly<Record<string, string>>;
}

const SPEC_BYTES_MAX = 1_048_576;
const SPECS_MAX = 256;
/** Options of a mount that a bind has here anyway, or may have. */
const GUARDS = ['nosuid', 'nodev', 'noexec'] as const;
const PLAIN = ['bind', 'rbind', 'rw', 'private', 'rprivate', 'slave', 'rslave'];

const path = v.pipe(v.string(), v.check(isCanonicalPath, 'must be an absolute path without ".", ".." and "//"'));
const list = <Item extends v.GenericSchema>(item: Item) => v.optional(v.pipe(v.array(item), v.maxLength(256)), []);

/** Strict: a key that is not here is something that would not be done. */
const edits = v.strictObject({
  env: list(v.pipe(v.string(), v.maxLength(65_536))),
  deviceNodes: list(
    v.strictObject({
      path,
      hostPath: v.optional(path),
      type: v.optional(v.picklist(['b', 'c', 'u'])),
      major: v.optional(v.number()),
      minor: v.optional(v.number()),
      fileMode: v.optional(v.number()),
      permissions: v.optional(v.string()),
    }),
  ),
  mounts: list(
    v.strictObject({
      hostPath: path,
      containerPath: path,
      options: list(v.picklist(['ro', ...GUARDS, ...PLAIN])),
      type: v.optional(v.literal('bind')),
    }),
  ),
});
type Edits = v.InferOutput<typeof edits>;

const spec = v.object({
  cdiVersion: v.string(),
  kind: v.string(),
  devices: v.pipe(v.array(v.object({ name: v.string(), containerEdits: v.optional(v.unknown()) })), v.maxLength(1024)),
  containerEdits: v.optional(v.unknown()),
});
type Spec = v.InferOutput<typeof spec> & { readonly file: string };

/** What these devices need, all together. A directory that is not there holds nothing. */
export async function readCdiEdits(names: readonly string[], directories: readonly string[]): Promise<CdiEdits> {
  const result = { devices: [] as Device[], mounts: [] as Mount[], env: {} as Record<string, string> };
  if (names.length === 0) return result;
  const { specs, unread } = await readSpecs(directories);
  for (const name of new Set(names)) {
    const [kind = '', device = ''] = splitName(name);
    // The file that was read last wins, as the specification says of directories.
    const found = specs.findLast((one) => one.kind === kind && one.devices.some((candidate) => candidate.name === device));
    if (found === undefined) throw cdiDeviceUnknown(name, directories, unread);
    const own = found.devices.find((candidate) => candidate.name === device);
    for (const part of [found.containerEdits, own?.containerEdits]) {
      const { deviceNodes, mounts, env } = checkEdits(part ?? {}, found.file);
      result.devices.push(...deviceNodes.map(({ path: destination, hostPath = destination }) => ({ path: hostPath, destination })));
      result.mounts.push(...mounts.map(toMount));
      Object.assign(result.env, parseEnvironment(env));
    }
  }
  return { ...result, devices: withoutRepeats(result.devices), mounts: withoutRepeats(result.mounts) };
}

function splitName(name: string): string[] {
  const at = name.indexOf('=');
  return [name.slice(0, at), name.slice(at + 1)];
}

async function readSpecs(directories: readonly string[]): Promise<{ specs: Spec[]; unread: string[] }> {
  const specs: Spec[] = [];
  const unread: string[] = [];
  for (const directory of directories) {
    const names = await readdir(directory).catch((thrown: unknown) => {
      if (systemCodeOf(thrown) === 'ENOENT') return [];
      throw cdiSpecInvalid(directory, messageOf(thrown));
    });
    for (const name of names.toSorted().slice(0, SPECS_MAX)) {
      const file = join(directory, name);
      if (/\.ya?ml$/.test(name)) unread.push(file);
      if (name.endsWith('.json')) specs.push(await readSpec(file));
    }
  }
  return { specs, unread };
}

/** As root it decides what of the host a container gets: nobody but root, or the caller, may have written it. */
async function readSpec(file: string): Promise<Spec> {
  const { bytes, uid, mode } = await readRegularFile(file, { bytesMax: SPEC_BYTES_MAX }).catch((thrown: unknown) => {
    throw cdiSpecInvalid(file, messageOf(thrown));
  });
  if ((mode & 0o022) !== 0 || (uid !== 0 && uid !== process.getuid?.())) throw cdiSpecInvalid(file, 'others may write to it');
  const json = parseBoundedJson(bytes);
  if (!json.parsed) throw cdiSpecInvalid(file, json.why);
  const checked = v.safeParse(spec, json.value, { abortEarly: true });
  if (!checked.success) throw cdiSpecInvalid(file, describeIssue(checked.issues[0]));
  return { ...checked.output, file };
}

function checkEdits(value: unknown, file: string): Edits {
  const checked = v.safeParse(edits, value, { abortEarly: true });
  if (checked.success) return checked.output;
  throw cdiSpecInvalid(file, `containerEdits.${describeIssue(checked.issues[0])}`);
}

/** valibot says of an unknown key that "never" was expected. */
function describeIssue(issue: v.BaseIssue<unknown>): string {
  const where = v.getDotPath(issue) ?? 'it';
  return issue.kind === 'schema' && issue.expected === 'never' ? `${where} is not supported` : `${where}: ${issue.message}`;
}

function toMount({ hostPath, containerPath, options }: Edits['mounts'][number]): Mount {
  const guards = GUARDS.filter((guard) => options.includes(guard));
  return {
    type: 'bind',
    source: hostPath,
    destination: containerPath,
    readOnly: options.includes('ro'),
    ...(guards.length === 0 ? {} : { options: guards }),
  };
}

/** Several devices of one kind share the edits of the kind. */
function withoutRepeats<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
