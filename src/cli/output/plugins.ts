/** Plugins of both kinds in columns. Pure. */
import { escapeControls } from '#base/text.js';
import type { ListedBundle, ListedPlugin } from '#wiring/wiring.js';
import { describeTable } from './table.js';

/** One line each, by name. */
export function describePlugins(plugins: readonly ListedPlugin[], bundles: readonly ListedBundle[]): string[] {
  const all = [...plugins, ...bundles].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return ['ENABLED  NAME', ...all.map(({ name, enabled }) => `${(enabled ? 'yes' : 'no').padStart(7)}  ${escapeControls(name)}`)];
}

/** The same with more columns. `worker`: runs in a compartment; `bundle`: a program. */
export function describePluginsAtLength(plugins: readonly ListedPlugin[], bundles: readonly ListedBundle[]): string[] {
  const rows = [...plugins.map(toPluginRow), ...bundles.map(toBundleRow)].toSorted((a, b) => ((a[1] ?? '') < (b[1] ?? '') ? -1 : 1));
  return describeTable([['ENABLED', 'NAME', 'VERSION', 'KIND', 'TYPES', 'SOURCE', 'STATE'], ...rows]);
}

function toPluginRow({ name, enabled, manifest, directory }: ListedPlugin): string[] {
  const { commands, callbacks, version } = manifest;
  const types = [
    ...(Object.keys(commands).length > 0 ? ['command'] : []),
    ...callbacks.filter((callback) => callback === 'runtime' || callback === 'network'),
  ];
  return [enabled ? 'yes' : 'no', name, version, 'worker', joinTypes(types), directory.scope, '-'];
}

function toBundleRow({ name, enabled, version = '-', services, from, state = '-' }: ListedBundle): string[] {
  const types = services === undefined ? ['command'] : services.types;
  return [enabled ? 'yes' : 'no', name, version, 'bundle', joinTypes(types), from.scope, state];
}

function joinTypes(types: readonly string[]): string {
  return types.length === 0 ? '-' : types.join(',');
}

/** What there is to know of a bundle, a line each. */
export function describeBundle({ name, ...bundle }: ListedBundle): string {
  const { abstract, author, version = '-', services, enabled, executable, configuration, resources, state } = bundle;
  const lines: (readonly [string, string])[] = [
    ['Name', name],
    ['Description', abstract],
    ['Author', author],
    ['Version', version],
    ['Kind', 'bundle (a program, with all the rights of whoever starts it)'],
    ['Enabled', enabled ? 'yes' : 'no'],
    ['Program', executable],
    ['Configuration', configuration],
    ...(resources === undefined ? [] : [['Resources', resources] as const]),
    ...(services === undefined ? [['Command', `bulkhead ${name}`] as const] : describeServices(services)),
    ...(services === undefined ? [] : [['State', state ?? '-'] as const]),
  ];
  return lines.map(([title, value]) => `${title}: ${value.replaceAll('\n', ' ')}`).join('\n');
}

function describeServices(services: NonNullable<ListedBundle['services']>): (readonly [string, string])[] {
  const { types, loadAtBoot, runAtLoad, defaultArguments, label, endpoints } = services;
  return [
    ['Services', joinTypes(types)],
    ['Registered', loadAtBoot ? 'when the services start' : 'when it is needed'],
    ['Started', runAtLoad ? 'as soon as it is registered' : 'with the first connection'],
    ['Arguments', defaultArguments.length === 0 ? '-' : defaultArguments.map((word) => JSON.stringify(word)).join(' ')],
    ['Label', label],
    ['Endpoints', joinTypes(endpoints)],
  ];
}
