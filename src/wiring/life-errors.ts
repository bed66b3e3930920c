import type { LifeCallbackName } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError, userError } from '#base/errors.js';

/** What can go wrong between one state of a plugin and the next. The texts stand in a sentence: `Failed to install plugin "<path>": <text>.` */
export const lifeErrors = {
  callbackFailed: (plugin: string, callback: LifeCallbackName, cause: BulkheadError): BulkheadError => {
    const { name, stays, hint } = outcomes[callback];
    return new BulkheadError(
      cause.kind,
      'LIFE_CALLBACK_FAILED',
      `could not ${callback} plugin: while running plugin ${name}: ${cause.message}; ${stays}`,
      {
        hint: `${hint}${callback === 'uninstall' ? ` ${plugin}` : ''}`,
        data: { plugin, callback, because: cause.code },
        cause,
      },
    );
  },

  needsValues: (plugin: string, callback: LifeCallbackName, missing: readonly string[]): BulkheadError =>
    userError('LIFE_NEEDS_VALUES', `plugin "${plugin}" has a callback for ${callback}, which needs a value for ${missing.join(', ')}`, {
      hint: `add ${missing.map((key) => `--set ${key}=VALUE`).join(' ')}`,
      data: { plugin, callback, missing },
    }),

  installedAlready: (plugin: string, { here, file, version }: { here: string; file: string; version: string }): BulkheadError =>
    userError('PLUGIN_INSTALLED_ALREADY', `plugin "${plugin}" is installed already, at ${here}; the file holds ${version}`, {
      hint: `bulkhead plugin upgrade ${file}`,
      data: { plugin, here, version },
    }),

  notInstalled: (plugin: string, file: string): BulkheadError =>
    userError('UPGRADE_NOT_INSTALLED', `plugin "${plugin}" is not installed there`, {
      hint: `bulkhead plugin install ${file}`,
      data: { plugin },
    }),

  downgrades: (plugin: string, { here, file, version }: { here: string; file: string; version: string }): BulkheadError =>
    userError('UPGRADE_DOWNGRADES', `plugin "${plugin}" is at ${here}, and ${file} holds ${version}, which is older`, {
      hint: `bulkhead plugin upgrade --force ${file}`,
      data: { plugin, here, version },
    }),

  sourceUnknown: (plugin: string, why: string): BulkheadError =>
    userError('UPGRADE_SOURCE_UNKNOWN', `where plugin "${plugin}" came from cannot be used: ${why}`, {
      hint: 'bulkhead plugin upgrade FILE',
      data: { plugin, why },
    }),

  /** The file at the place that it was installed from is of another plugin now. */
  sourceOfAnother: (plugin: string, file: string, found: string): BulkheadError =>
    userError('UPGRADE_SOURCE_OF_ANOTHER', `${file}, from where plugin "${plugin}" was installed, holds plugin ${JSON.stringify(found)}`, {
      hint: 'bulkhead plugin upgrade FILE',
      data: { plugin, file, found },
    }),
};

/** `Install` as Apptainer writes it. */
const outcomes = {
  install: { name: 'Install', stays: 'nothing was installed', hint: 'tell its author, or look at it: bulkhead plugin inspect FILE' },
  upgrade: { name: 'upgrade', stays: 'the old version stays', hint: 'tell its author, or look at it: bulkhead plugin inspect FILE' },
  uninstall: { name: 'uninstall', stays: 'it stays installed', hint: 'bulkhead plugin uninstall --force' },
} as const;
