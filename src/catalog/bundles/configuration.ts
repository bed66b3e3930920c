/**
 * What a bundle says of itself, in one of two dialects:
 *
 *   plugin.json                { "type": ["runtime", "network"], "defaultArguments": [], "shouldBoot": true }
 *   config.toml, config.json   abstract, author, [servicesConfig] loadAtBoot, runAtLoad, defaultArguments, services = [{ type, description }]
 *
 * Both may have abstract, author and version; without type, or servicesConfig, the bundle is a command. Keys that nobody knows are
 * told and ignored: such files are written for other programs too.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { BulkheadError, messageOf, systemCodeOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import { shorten } from '#base/text.js';
import * as v from 'valibot';
import { findDistrust } from '../trust.js';
import { serviceTypes, type Bundle, type ServiceType } from './bundle.js';
import { bundleErrors } from './errors.js';
import type { Layout } from './layouts.js';

const BYTES_MAX = 65_536;
/** The first that is there counts. */
const fileNames = ['config.toml', 'config.json', 'plugin.json'] as const;

const line = v.pipe(v.string(), v.maxLength(1024));
const argument = v.pipe(v.string(), v.maxLength(4096), v.excludes('\0'));
const argumentList = v.pipe(v.array(argument), v.maxLength(64));
const serviceType = v.picklist(serviceTypes);
const about = {
  abstract: v.optional(line, ''),
  author: v.optional(line, ''),
  version: v.optional(v.union([v.pipe(v.string(), v.maxLength(64)), v.number()])),
};
const flat = v.object({
  ...about,
  type: v.optional(v.pipe(v.array(serviceType), v.minLength(1), v.maxLength(16))),
  defaultArguments: v.optional(argumentList, []),
  shouldBoot: v.optional(v.boolean(), false),
});
const service = v.object({ type: serviceType, description: v.optional(line) });
const servicesConfig = v.object({
  loadAtBoot: v.optional(v.boolean(), false),
  runAtLoad: v.optional(v.boolean(), false),
  services: v.pipe(v.array(service), v.maxLength(16)),
  defaultArguments: v.optional(argumentList, []),
});
const nested = v.object({ ...about, servicesConfig: v.optional(servicesConfig) });

export type Description = Pick<Bundle, 'abstract' | 'author' | 'version' | 'services'>;

export interface Configuration {
  readonly file: string;
  readonly description: Description;
  /** What is no error, and not as its author may think. */
  readonly notes: readonly string[];
}

/** Throws where there is none, or where it cannot be used: then no other file is read in its place. */
export async function readConfiguration({ name, configurations, directory }: Layout, uid: number): Promise<Configuration> {
  const present: string[] = [];
  for (const fileName of fileNames) if (await isPresent(join(configurations, fileName))) present.push(fileName);
  const [first, ...others] = present;
  if (first === undefined) throw bundleErrors.configurationMissing(name, directory);
  const file = join(configurations, first);
  const value = await parseFile(name, file, await readTrusted(name, file, uid));
  if (Array.isArray(value)) throw bundleErrors.configurationInvalid(name, file, 'it is a list');
  // The dialect goes by what is written and not by the file: each is understood in each.
  const isNested =
    typeof value === 'object' && value !== null && ('servicesConfig' in value || !('type' in value || 'shouldBoot' in value));
  const description = isNested ? normaliseNested(check(nested, value, name, file)) : normaliseFlat(check(flat, value, name, file));
  const unknown = isNested ? findUnknownNested(value) : unknownKeys(value, flat.entries);
  return {
    file,
    description,
    notes: [
      ...(others.length === 0 ? [] : [`${first} is read, and not ${others.join(' and ')}`]),
      ...(unknown.length === 0 ? [] : [`${first}: nobody knows ${unknown.slice(0, 8).map(describeKey).join(', ')}`]),
    ],
  };
}

function normaliseFlat({ type, defaultArguments, shouldBoot, ...rest }: v.InferOutput<typeof flat>): Description {
  // There, what boots is started as well.
  const boots = { loadAtBoot: shouldBoot, runAtLoad: shouldBoot };
  return { ...describeSelf(rest), ...(type !== undefined && { services: { types: unique(type), ...boots, defaultArguments } }) };
}

function normaliseNested({ servicesConfig: config, ...rest }: v.InferOutput<typeof nested>): Description {
  if (config === undefined) return describeSelf(rest);
  const { services, ...others } = config;
  return { ...describeSelf(rest), services: { types: unique(services.map(({ type }) => type)), ...others } };
}

/** TOML has `version = 0.1`, which is a number. */
function describeSelf({ abstract, author, version }: Pick<v.InferOutput<typeof flat>, 'abstract' | 'author' | 'version'>): Description {
  return { abstract, author, ...(version !== undefined && { version: String(version) }) };
}

function unique(types: readonly ServiceType[]): ServiceType[] {
  return [...new Set(types)];
}

async function isPresent(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function readTrusted(name: string, file: string, uid: number): Promise<string> {
  const read = await readRegularFile(file, { bytesMax: BYTES_MAX }).catch((error: unknown) => {
    if (error instanceof BulkheadError) throw bundleErrors.configurationInvalid(name, file, error.message);
    if (systemCodeOf(error) === 'ENOENT') throw bundleErrors.configurationInvalid(name, file, 'it is a link that leads nowhere');
    throw bundleErrors.unreadable(name, file, error);
  });
  const distrust = findDistrust(read, uid);
  if (distrust !== undefined) throw bundleErrors.unsafe(name, file, distrust);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(read.bytes);
  } catch {
    throw bundleErrors.configurationInvalid(name, file, 'it is not UTF-8');
  }
}

async function parseFile(name: string, file: string, text: string): Promise<unknown> {
  if (!file.endsWith('.toml')) {
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw bundleErrors.configurationInvalid(name, file, `it is not JSON: ${messageOf(error)}`);
    }
  }
  const { parse, TomlError } = await import('smol-toml');
  try {
    return parse(text);
  } catch (error) {
    const isPlaced = error instanceof TomlError;
    const why = messageOf(error).split('\n')[0] ?? '';
    throw bundleErrors.configurationInvalid(name, isPlaced ? `${file}:${error.line}` : file, why);
  }
}

function check<Schema extends v.GenericSchema>(schema: Schema, value: unknown, name: string, file: string): v.InferOutput<Schema> {
  const checked = v.safeParse(schema, value, { abortEarly: true });
  if (checked.success) return checked.output;
  const [issue] = checked.issues;
  const path = v.getDotPath(issue);
  throw bundleErrors.configurationInvalid(name, file, `${path === null ? 'it' : path}: ${issue.message}`);
}

function findUnknownNested(value: unknown): string[] {
  const config = memberOf(value, 'servicesConfig');
  const services = memberOf(config, 'services');
  return [
    ...unknownKeys(value, nested.entries),
    ...unknownKeys(config, servicesConfig.entries, 'servicesConfig.'),
    ...(Array.isArray(services) ? services.flatMap((one) => unknownKeys(one, service.entries, 'servicesConfig.services.')) : []),
  ];
}

function unknownKeys(value: unknown, known: object, before = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap((key) => (Object.hasOwn(known, key) ? [] : [`${before}${key}`]));
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

function describeKey(key: string): string {
  return JSON.stringify(shorten(key, 64));
}
