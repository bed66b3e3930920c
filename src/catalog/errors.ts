import { messageOf, userError, type BulkheadError } from '#base/errors.js';
import { shorten } from '#base/text.js';

/** What can still be said of a receipt that cannot be used. */
export interface ReceiptRemains {
  readonly plugin?: string | undefined;
  readonly skippable?: boolean;
}

/**
 * What can go wrong with an installation. The texts are Apptainer's where it has one, and stand in a sentence of the command:
 * `Failed to enable plugin "<name>": <text>.`
 */
export const catalogErrors = {
  notFound: (plugin: string): BulkheadError =>
    userError('PLUGIN_NOT_FOUND', 'plugin not found', { hint: 'bulkhead plugin list', data: { plugin } }),

  receiptInvalid: (file: string, why: string, remains: ReceiptRemains): BulkheadError =>
    userError('RECEIPT_INVALID', `could not decode receipt ${file}: ${why}`, {
      hint: 'install the plugin again: bulkhead plugin install FILE',
      data: { file, why: shorten(why, 512), ...remains },
    }),

  receiptNewer: (file: string, format: number, remains: ReceiptRemains): BulkheadError =>
    userError('RECEIPT_NEWER', `could not decode receipt ${file}: its format ${format} was written by a newer bulkhead`, {
      hint: 'upgrade bulkhead, or install the plugin again: bulkhead plugin install FILE',
      data: { file, format, ...remains },
    }),

  unexpectedName: (found: string, plugin: string, remains: ReceiptRemains): BulkheadError =>
    userError('RECEIPT_UNEXPECTED_NAME', `unexpected plugin name ${JSON.stringify(found)} when loading plugin ${JSON.stringify(plugin)}`, {
      hint: `bulkhead plugin uninstall ${plugin}`,
      data: { ...remains, plugin, found },
    }),

  packageMissing: (plugin: string, file: string, skippable: boolean): BulkheadError =>
    userError('INSTALLED_PACKAGE_MISSING', `the package of plugin "${plugin}" is missing: ${file}`, {
      hint: 'bulkhead plugin install FILE',
      data: { plugin, file, skippable },
    }),

  packageUnreadable: (plugin: string, file: string, cause: unknown): BulkheadError =>
    userError('INSTALLED_PACKAGE_UNREADABLE', `the package of plugin "${plugin}" cannot be read: ${messageOf(cause)}`, {
      hint: 'bulkhead plugin install FILE',
      data: { plugin, file },
      cause,
    }),

  packageModified: (plugin: string, file: string, why: string): BulkheadError =>
    userError('PLUGIN_MODIFIED', `plugin "${plugin}" was modified since it was installed: ${file}: ${why}`, {
      hint: 'install it again from a source you trust: bulkhead plugin install FILE',
      data: { plugin, file, why },
    }),

  changedMeanwhile: (plugin: string): BulkheadError =>
    userError('PLUGIN_CHANGED', `plugin "${plugin}" was changed by somebody else while this command ran`, {
      hint: 'run the same command again',
      data: { plugin },
    }),

  pathUnsafe: (path: string, why: string): BulkheadError =>
    userError('PLUGIN_PATH_UNSAFE', `${path} is refused: ${why}`, {
      hint: `chmod go-w ${path}, and see who owns it: ls -ld ${path}`,
      data: { path, why },
    }),

  busy: (path: string, waitMs: number): BulkheadError =>
    userError('CATALOG_BUSY', `${path} is being changed by another command, waited ${waitMs / 1000} s`, {
      hint: 'wait for it to end, then run the same command again',
      data: { path },
    }),

  lockLost: (path: string): BulkheadError =>
    userError('CATALOG_LOCK_LOST', `this command was stopped for too long, and another one began to change ${path}`, {
      hint: 'run the same command again',
      data: { path },
    }),

  /** `doing` is `install`, `uninstall`, `enable`, `disable` or `change`. */
  changeFailed: (doing: string, cause: unknown): BulkheadError =>
    userError('CATALOG_CHANGE_FAILED', `could not ${doing} plugin: ${messageOf(cause)}`, {
      hint: 'see who may write there, and whether the disk is full: ls -ld DIR; df DIR',
      cause,
    }),

  incompatible: (
    plugin: string,
    { message, hint, data }: { message: string; hint: string; data: Readonly<Record<string, unknown>> },
  ): BulkheadError => userError('PLUGIN_INCOMPATIBLE', `plugin "${plugin}" is refused: ${message}`, { hint, data: { plugin, ...data } }),

  conflict: (plugin: string, other: string, what: string): BulkheadError =>
    userError('PLUGIN_CONFLICT', `plugin "${plugin}" adds ${what}, as the enabled plugin "${other}" does`, {
      hint: `bulkhead plugin disable ${other}`,
      data: { plugin, other, what },
    }),

  reserved: (plugin: string, command: string, reserved: string): BulkheadError =>
    userError(
      'PLUGIN_COMMAND_RESERVED',
      `plugin "${plugin}" adds the command "${command}", and "${reserved}" is a command of bulkhead itself`,
      {
        hint: 'rename the command in the plugin, then: bulkhead plugin compile DIR',
        data: { plugin, command, reserved },
      },
    ),

  wordReserved: (plugin: string, what: string): BulkheadError =>
    userError('PLUGIN_FLAG_RESERVED', `plugin "${plugin}" adds ${what}, which belongs to bulkhead itself`, {
      hint: 'rename it in the plugin, then: bulkhead plugin compile DIR',
      data: { plugin, what },
    }),

  notExtendable: (plugin: string, command: string, extendable: readonly string[]): BulkheadError =>
    userError(
      'PLUGIN_COMMAND_CLOSED',
      `plugin "${plugin}" wants to take part in the command "${command}", and plugins may do so in ${extendable.length === 0 ? 'none' : extendable.map((one) => `"${one}"`).join(', ')} alone`,
      {
        hint: 'name another command in flags and hooks of the plugin, then: bulkhead plugin compile DIR',
        data: { plugin, command, extendable },
      },
    ),

  orderCycle: (plugins: readonly string[]): BulkheadError =>
    userError(
      'PLUGIN_ORDER_CYCLE',
      `each of the plugins ${plugins.map((name) => `"${name}"`).join(', ')} wants to be asked before the next, and the last before the first`,
      { hint: `bulkhead plugin order ${plugins.join(' ')}, or disable one of them`, data: { plugins } },
    ),

  orderUnknown: (plugin: string): BulkheadError =>
    userError('PLUGIN_NOT_FOUND', `plugin "${plugin}" not found`, { hint: 'bulkhead plugin list', data: { plugin } }),

  orderRepeats: (plugin: string): BulkheadError =>
    userError('PLUGIN_ORDER_INVALID', `plugin "${plugin}" is named twice`, { hint: 'bulkhead plugin order', data: { plugin } }),

  orderInvalid: (file: string, why: string): BulkheadError =>
    userError('PLUGIN_ORDER_INVALID', `the order of plugins in ${file} cannot be used: ${why}`, {
      hint: 'bulkhead plugin order NAME…   (writes it anew), or: bulkhead plugin order --clear',
      data: { file, why },
    }),

  /** Says of values what they should be, never what they are: one of them may be a secret. */
  valuesRefused: (plugin: string, faults: readonly { readonly key: string; readonly why: string }[]): BulkheadError =>
    userError(
      'CONFIGURATION_REFUSED',
      `plugin "${plugin}" cannot be configured so: ${faults.map(({ key, why }) => `${key} ${why}`).join('; ')}`,
      {
        hint: `bulkhead plugin configure --show ${plugin}`,
        data: { plugin, faults },
      },
    ),

  notConfigured: (
    plugin: string,
    { faults, missing }: { faults: readonly { readonly key: string; readonly why: string }[]; missing: readonly string[] },
  ): BulkheadError => {
    const why = [...missing.map((key) => `${key} is not set`), ...faults.map(({ key, why: fault }) => `${key} ${fault}`)];
    const keys = [...new Set([...missing, ...faults.map(({ key }) => key)])];
    return userError('PLUGIN_NOT_CONFIGURED', `plugin "${plugin}" cannot run as it is configured: ${why.join('; ')}`, {
      hint: `bulkhead plugin configure ${plugin} ${keys.map((key) => `${key}=VALUE`).join(' ')}`,
      data: { plugin, faults, missing, lasts: true },
    });
  },

  grantNotRequested: (plugin: string, what: string): BulkheadError =>
    userError('GRANT_NOT_REQUESTED', `plugin "${plugin}" does not ask for ${what}, which is to be granted`, {
      hint: 'bulkhead plugin inspect FILE',
      data: { plugin, what },
    }),
};
