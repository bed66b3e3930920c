/** Plugins without which no container starts (docs/decisions/required-plugins.md). */
import { callbacks, callbackNames, lifeCallbackNames, type CallbackName } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError } from '#base/errors.js';
import type { Catalog, Installation } from '#catalog/catalog.js';
import { wiringErrors } from './errors.js';

/** What the operator lists as `required-plugins`, and in which file. */
export interface Requirement {
  readonly names: readonly string[];
  readonly file: string;
}

/** Each plugin of the list is installed for everybody, and enabled. One of the caller's own, of the same name, is another plugin. */
export function requireListed({ names, file }: Requirement, { installations, problems }: Catalog): void {
  for (const name of names) {
    const found = installations.find((installation) => installation.name === name);
    if (found === undefined) throw wiringErrors.requiredMissing(name, file, problems.find((problem) => problem.name === name)?.reason);
    if (found.directory.scope !== 'system') throw wiringErrors.requiredHidden(name, file, found.directory.path);
    if (!found.enabled) throw wiringErrors.requiredDisabled(name, file);
  }
}

/** The list has the last word over what was said when the plugin was installed. */
export function applyRequirement(installation: Installation, { names }: Requirement): Installation {
  return names.includes(installation.name) ? { ...installation, onFailure: 'required' } : installation;
}

/** Whether a failure of the plugin at any moment of a run would stop the run; then it must be there before the run begins. */
export function isNeeded({ onFailure, manifest }: Installation): boolean {
  return (
    onFailure === 'required' || (onFailure === 'default' && runCallbacks.some((name) => manifest.callbacks.includes(name) && stops(name)))
  );
}

/** Asked of drivers alone, and of those only where the image has their scheme or needs their feature. */
export const driverCallbacks: readonly CallbackName[] = ['registerImageDriver', 'mountImage', 'readImage', 'imageDriverEvent'];

/**
 * What is around a command is asked only where it concerns the plugin (around-command.ts); users are mapped only for --fakeroot, and a
 * runtime or a network is asked only where its name was given.
 */
const otherCallbacks: readonly CallbackName[] = [
  'command',
  'beforeCommand',
  'afterCommand',
  'userMapping',
  'runtime',
  'network',
  ...driverCallbacks,
  ...lifeCallbackNames,
];

/** What every run asks for. */
export const runCallbacks: readonly CallbackName[] = callbackNames.filter((name) => !otherCallbacks.includes(name));

function stops(name: CallbackName): boolean {
  return callbacks[name].onFailure === 'stop';
}

/** To disable a plugin of the list would only change the reason for which the run is refused: the hint says what helps. */
export function explainRequired(error: unknown, { names, file }: Requirement): unknown {
  if (!(error instanceof BulkheadError) || error.kind === 'bug') return error;
  const { plugin } = error.data;
  if (typeof plugin !== 'string' || !names.includes(plugin)) return error;
  return wiringErrors.requiredFailed(plugin, file, error);
}
