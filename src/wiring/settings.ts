import { pluginName } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import { BulkheadError, messageOf, systemCodeOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import { findDistrust } from '#catalog/catalog.js';
import { budgetSettings } from '#host/host.js';
import { wiringErrors } from './errors.js';
import { policySchema } from './policy.js';
import { findLine, parseToml, TomlFault } from './toml.js';

const sizeMaxBytes = 65_536;

/** A program that speaks the command line of OCI runtimes. */
const runtime = v.strictObject({
  path: v.pipe(v.string(), v.startsWith('/'), v.maxLength(4096), v.excludes('\0')),
  args: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(4096), v.excludes('\0'))), v.maxLength(64))),
  like: v.optional(v.picklist(['crun', 'runc'])),
});

const runtimeName = v.pipe(v.string(), v.regex(/^(?!embedded$)[a-z][a-z0-9._-]{0,63}$/));

const bundleName = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i));

/**
 * The operator's configuration, `bulkhead.toml`:
 *
 *   version-lock = "range"   # or "exact": only plugins built against exactly this host's contract
 *   required-plugins = ["example.com/audit"]   # no container starts without these, installed for everybody, enabled and well
 *   image-driver = "example.com/squashfuse"    # this plugin alone mounts images for its features; without it no container starts
 *   enable-overlay = "try"   # the kernel, else a driver, else what else there is; "driver": a driver alone; "no": nothing is laid over an image
 *   insecure-registries = ["registry.lan:5000"]   # these need not speak https, nor with a certificate to trust
 *   [runtimes.site-crun]     # for run --runtime site-crun: a program that speaks the command line of OCI runtimes
 *   path = "/opt/crun/bin/crun"   # and args = ["--debug"], like = "crun" or "runc" where its name does not tell
 *   [plugin.hydra]           # what the bundle of that name reads, as it says: docs/bundles.md
 *   [budgets]                # how much plugins may use: docs/limits.md
 *   [policy]                 # what plugins may have at all: policy.ts
 */
const settingsSchema = v.strictObject({
  'version-lock': v.optional(v.picklist(['range', 'exact']), 'range'),
  'required-plugins': v.optional(v.pipe(v.array(pluginName), v.maxLength(64)), []),
  budgets: v.optional(budgetSettings, {}),
  policy: v.optional(policySchema, {}),
  'image-driver': v.optional(pluginName),
  'insecure-registries': v.optional(v.pipe(v.array(v.pipe(v.string(), v.regex(/^[\w.:[\]-]{1,255}$/))), v.maxLength(64)), []),
  'enable-overlay': v.optional(v.picklist(['try', 'driver', 'no'])),
  runtimes: v.optional(v.record(runtimeName, runtime)),
  plugin: v.optional(v.record(bundleName, v.record(v.string(), v.unknown()))),
});
export type Settings = v.InferOutput<typeof settingsSchema>;

/** A file that is not there means the defaults; one that is wrong, or not to be trusted, is an error, never the defaults. */
export async function readSettings(file: string, uid: number): Promise<Settings> {
  const text = await readTrusted(file, uid);
  const checked = v.safeParse(settingsSchema, parseFile(file, text), { abortEarly: true });
  if (checked.success) return checked.output;
  const issue = checked.issues[0];
  const path = (issue.path ?? []).map(({ key }) => key as string | number);
  throw wiringErrors.configUnreadable(`${file}:${findLine(text, path)}`, `${v.getDotPath(issue) ?? 'it'}: ${describeIssue(issue)}`);
}

async function readTrusted(file: string, uid: number): Promise<string> {
  const read = await readRegularFile(file, { bytesMax: sizeMaxBytes }).catch((error: unknown) => {
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw wiringErrors.configUnreadable(file, error instanceof BulkheadError ? error.message : (code ?? messageOf(error)), error);
  });
  if (read === undefined) return '';
  const distrust = findDistrust(read, uid);
  if (distrust !== undefined) throw wiringErrors.configUnreadable(file, distrust);
  return new TextDecoder().decode(read.bytes);
}

function parseFile(file: string, text: string): unknown {
  try {
    return parseToml(text);
  } catch (error) {
    if (error instanceof TomlFault) throw wiringErrors.configUnreadable(`${file}:${error.line}`, error.message, error);
    throw wiringErrors.configUnreadable(file, messageOf(error), error);
  }
}

/** valibot says of an unknown key that "never" was expected. */
function describeIssue({ kind, expected, message }: v.InferIssue<typeof settingsSchema>): string {
  return kind === 'schema' && expected === 'never' ? 'there is no such key' : message;
}
