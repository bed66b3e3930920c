/** A service as a property list for launchd. Pure. */
import { join } from 'node:path';
import { labelOf } from '#catalog/catalog.js';
import { serviceErrors } from '../errors.js';
import { keeperLimits } from '../keeper/limits.js';
import { programEnvironment } from '../program-environment.js';
import type { ManagedFile, ManagedService } from './managed.js';

export interface PlistOptions {
  readonly directory: string;
  /** `service.plist` in a directory of ours, the label's name in one that launchd reads when the machine starts. */
  readonly fileName: string;
  readonly environment: Readonly<Record<string, string>>;
}

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

export function describePlist(service: ManagedService, { directory, fileName, environment }: PlistOptions): ManagedFile {
  const { definition, label, endpoints, stateDirectory } = service;
  const { name, instance, runAtLoad } = definition;
  const output = join(service.directory, 'launchd.log');
  const keys: Record<string, Value> = {
    Label: label,
    ProgramArguments: [definition.executable, ...definition.arguments],
    EnvironmentVariables: definedOf(programEnvironment(environment, stateDirectory)),
    WorkingDirectory: stateDirectory,
    LimitLoadToSessionType: ['Aqua', 'Background', 'System'],
    RunAtLoad: runAtLoad,
    MachServices: Object.fromEntries(endpoints.map(({ type }) => [labelOf(`${type}.${name}`, instance), true])),
    Sockets: Object.fromEntries(
      endpoints.map(({ type, path }) => [type, { SockFamily: 'Unix', SockType: 'stream', SockPathName: path, SockPathMode: 0o600 }]),
    ),
    // This key means that it is started at once: what waits for its first connection is started by the next one.
    ...(runAtLoad && { KeepAlive: { SuccessfulExit: false } }),
    ExitTimeOut: keeperLimits.stopMs / 1_000,
    Umask: 0o077,
    HardResourceLimits: { Core: 0 },
    StandardOutPath: output,
    StandardErrorPath: output,
  };
  return { path: join(directory, fileName), text: toPlist(keys, name) };
}

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
`;

function toPlist(value: Value, plugin: string): string {
  const text = `${HEAD}${toElement(value, '')}\n</plist>\n`;
  // XML has no way to write them
  if (/[\u0000-\u0008\u000B-\u001F\uFFFE\uFFFF]/.test(text)) throw serviceErrors.argumentUnfit(plugin, 'launchd');
  return text;
}

function toElement(value: Value, indent: string): string {
  const inner = `${indent}\t`;
  if (typeof value === 'string') return `${indent}<string>${escapeXml(value)}</string>`;
  if (typeof value === 'number') return `${indent}<integer>${value}</integer>`;
  if (typeof value === 'boolean') return `${indent}<${value}/>`;
  if (isList(value))
    return element(
      'array',
      value.map((one) => toElement(one, inner)),
      indent,
    );
  const members = Object.entries(value).map(([key, one]) => `${inner}<key>${escapeXml(key)}</key>\n${toElement(one, inner)}`);
  return element('dict', members, indent);
}

function element(name: string, inner: readonly string[], indent: string): string {
  if (inner.length === 0) return `${indent}<${name}/>`;
  return [`${indent}<${name}>`, ...inner, `${indent}</${name}>`].join('\n');
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function definedOf(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}
