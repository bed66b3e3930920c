/** What `plugin configure` does. None of this runs plugin code. */
import { configurationValues, type ConfigurationValue, type ConfigurationValues } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import {
  changeConfiguration,
  findInstallation,
  findMissing,
  openCatalog,
  valuesOf,
  withDefaults,
  type Installation,
} from '#catalog/catalog.js';
import { chooseDirectory, type ChangeRequest } from './choose-directory.js';
import { wiringErrors } from './errors.js';
import type { Scene } from './scene.js';
import { parseSetting } from './settings-text.js';
import { parseToml } from './toml.js';

const fileBytesMax = 1_048_576;

export interface ConfigureRequest extends ChangeRequest {
  /** `KEY=VALUE`. */
  readonly set: readonly string[];
  /** Keys. */
  readonly unset: readonly string[];
  /** JSON, or TOML where its name ends so; what is set by hand wins. */
  readonly file: string | undefined;
}

/** One key that can be set, for whoever looks; of a secret there is no value. */
export interface Setting {
  readonly key: string;
  readonly value?: ConfigurationValue;
  readonly state: 'set' | 'default' | 'not set' | 'needed' | 'secret';
  readonly description?: string;
}

export interface ConfigurationChange {
  readonly name: string;
  readonly changed: boolean;
  readonly settings: readonly Setting[];
}

/** Sets and unsets at once, or not at all. */
export async function configure(
  scene: Scene,
  name: string,
  { set, unset, file, ...request }: ConfigureRequest,
): Promise<ConfigurationChange> {
  const directory = await chooseDirectory(scene, name, request);
  const fromFile = file === undefined ? {} : await readValues(file);
  const { installation, changed } = await changeConfiguration(
    name,
    (before) => {
      const typed = Object.fromEntries(set.map((text) => parseSetting(before.manifest.configuration, text)));
      const all = { ...valuesOf(before), ...fromFile, ...typed };
      return Object.fromEntries(Object.entries(all).filter(([key]) => !unset.includes(key)));
    },
    { place: scene.place, directory },
  );
  return { name, changed, settings: describeSettings(installation) };
}

export async function reportConfiguration(scene: Scene, name: string): Promise<ConfigurationChange> {
  const installation = findInstallation(await openCatalog(scene.place), name);
  if (installation === undefined) throw wiringErrors.notFound(name);
  return { name, changed: false, settings: describeSettings(installation) };
}

/** In the order of the schema. */
export function describeSettings(installation: Pick<Installation, 'manifest' | 'configuration' | 'secrets'>): Setting[] {
  const schema = installation.manifest.configuration;
  const values = valuesOf(installation);
  const all = withDefaults(schema, values);
  const missing = findMissing(schema, values);
  return Object.entries(schema?.properties ?? {}).map(([key, { description, writeOnly }]): Setting => {
    const told = { key, ...(description !== undefined && { description }) };
    const value = Object.hasOwn(all, key) ? all[key] : undefined;
    if (value === undefined) return { ...told, state: missing.includes(key) ? 'needed' : 'not set' };
    if (writeOnly === true) return { ...told, state: 'secret' };
    return { ...told, value, state: Object.hasOwn(values, key) ? 'set' : 'default' };
  });
}

async function readValues(file: string): Promise<ConfigurationValues> {
  const { bytes } = await readRegularFile(file, { bytesMax: fileBytesMax }).catch((error: unknown) => {
    throw wiringErrors.settingsFileInvalid(file, systemCodeOf(error) ?? messageOf(error));
  });
  const checked = v.safeParse(configurationValues, parseFile(file, bytes), { abortEarly: true });
  if (checked.success) return checked.output;
  const [issue] = checked.issues;
  throw wiringErrors.settingsFileInvalid(file, `${v.getDotPath(issue) ?? 'it'} is no value that a plugin can be given`);
}

function parseFile(file: string, bytes: Uint8Array): unknown {
  if (file.endsWith('.toml')) {
    try {
      return parseToml(new TextDecoder().decode(bytes));
    } catch (error) {
      throw wiringErrors.settingsFileInvalid(file, messageOf(error));
    }
  }
  const json = parseBoundedJson(bytes);
  if (!json.parsed) throw wiringErrors.settingsFileInvalid(file, json.why);
  return json.value;
}
