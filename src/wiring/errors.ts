import { BulkheadError, messageOf, pluginError, userError } from '#base/errors.js';
import { describeDenial, type Denial } from './policy.js';
import type { QuarantineNotice } from './quarantine-notice.js';

export const wiringErrors = {
  inputNotTerminal: (): BulkheadError =>
    userError('INPUT_NOT_TERMINAL', 'Cannot give the command a terminal to type at: the input device is not a TTY', {
      hint: 'leave out --interactive, or --tty',
    }),

  needsRoot: (command: string): BulkheadError =>
    userError('NEEDS_ROOT', `${JSON.stringify(command)} command requires root privileges or an unprivileged installation`, {
      hint: `${command} --user …, or the same as root`,
      data: { command },
    }),

  notGrantedWithoutTerminal: (name: string, permissions: readonly string[]): BulkheadError =>
    userError(
      'CONSENT_NEEDS_TERMINAL',
      `plugin ${JSON.stringify(name)} asks for ${permissions.join(', ')}, and there is no terminal to ask at`,
      {
        hint: `add ${permissions.map((permission) => `--grant ${permission}`).join(' ')}, or --grant-all`,
        data: { name, permissions },
      },
    ),

  consentRefused: (name: string): BulkheadError =>
    userError('CONSENT_REFUSED', `the permissions of plugin ${JSON.stringify(name)} were not granted; nothing was installed`, {
      data: { name },
    }),

  grantNotAsked: (name: string, grant: string, asked: readonly string[]): BulkheadError =>
    userError(
      'GRANT_NOT_ASKED',
      `plugin ${JSON.stringify(name)} does not ask for ${JSON.stringify(grant)}; it asks for ${asked.length === 0 ? 'nothing' : asked.join(', ')}`,
      {
        data: { name, grant, asked },
      },
    ),

  pluginDenied: (plugin: string, denial: Denial): BulkheadError =>
    userError('PLUGIN_DENIED', `plugin "${plugin}" is refused by the policy of this host: ${describeDenial(denial)}`, {
      hint: `bulkhead plugin permissions ${plugin}`,
      data: { plugin, ...denial },
    }),

  permissionDenied: (plugin: string, permission: string, denial: Denial): BulkheadError =>
    userError('PERMISSION_DENIED', `the policy of this host denies ${permission} to plugin "${plugin}": ${describeDenial(denial)}`, {
      hint: `bulkhead plugin permissions ${plugin}`,
      data: { plugin, permission, ...denial },
    }),

  schemeUnknown: (scheme: string, known: readonly string[]): BulkheadError =>
    userError(
      'IMAGE_SCHEME_UNKNOWN',
      `Cannot open an image of scheme "${scheme}:": no enabled plugin answers for it${known.length === 0 ? '' : `; there is ${known.map((one) => `${one}:`).join(', ')}`}`,
      {
        hint: 'bulkhead plugin list',
        data: { scheme, known },
      },
    ),

  runtimeUnknown: (
    name: string,
    { known, nearest, isUnsure }: { known: readonly string[]; nearest: string | undefined; isUnsure: boolean },
  ): BulkheadError =>
    userError(
      'RUNTIME_UNKNOWN',
      `Cannot run with the runtime ${JSON.stringify(name)}: it is none of ${known.join(', ')}, and not an absolute path${isUnsure ? '; there are plugins that cannot be used' : ''}`,
      {
        hint: nearest === undefined ? 'bulkhead plugin list' : `bulkhead run --runtime ${nearest} …   (did you mean ${nearest}?)`,
        data: { name, known, ...(nearest === undefined ? {} : { nearest }) },
      },
    ),

  runtimeDisabled: (name: string, plugin: string): BulkheadError =>
    userError('RUNTIME_DISABLED', `Cannot run with the runtime ${JSON.stringify(name)}: plugin "${plugin}" provides it, and is disabled`, {
      hint: `bulkhead plugin enable ${plugin}`,
      data: { name, plugin },
    }),

  /** The plugin's own words; its name stands before them. */
  runtimeDeclined: (plugin: string, name: string, why: string): BulkheadError =>
    pluginError('RUNTIME_DECLINED', `plugin "${plugin}" does not run this container with its runtime ${JSON.stringify(name)}: ${why}`, {
      hint: 'bulkhead run IMAGE   (with the embedded runtime)',
      data: { plugin, name },
    }),

  imageDriverMissing: (name: string, file: string, why: string): BulkheadError =>
    userError('IMAGE_DRIVER_MISSING', `Cannot run a container: "${name}": no such image driver: ${why}`, {
      hint: `bulkhead plugin list   (image-driver names it in ${file})`,
      data: { plugin: name, file },
    }),

  imageDriverNotStarted: (plugin: string, cause: unknown): BulkheadError =>
    pluginError('IMAGE_DRIVER_NOT_STARTED', `failed to start driver: ${messageOf(cause)}`, {
      hint: `bulkhead plugin disable ${plugin}`,
      data: { plugin },
      cause,
    }),

  imageSourceMissing: (plugin: string, path: string): BulkheadError =>
    pluginError('IMAGE_SOURCE_MISSING', `Cannot show an image as plugin "${plugin}" says: there is no ${path}`, {
      hint: `ls -d ${path}`,
      data: { plugin, path },
    }),

  imagePartEmpty: (plugin: string, offset: number): BulkheadError =>
    pluginError(
      'IMAGE_PART_EMPTY',
      `Cannot unpack the image of plugin "${plugin}": its part at byte ${offset} is empty, and not the last`,
      {
        hint: `bulkhead plugin disable ${plugin}`,
        data: { plugin, offset },
      },
    ),

  fieldNotGranted: (plugin: string, field: string): BulkheadError =>
    pluginError('CONFIG_FIELD_NOT_GRANTED', `Cannot let plugin "${plugin}" change ${field}: it was not granted config:${field}`, {
      hint: `bulkhead plugin grant ${plugin} config:${field}, or: bulkhead plugin disable ${plugin}`,
      data: { plugin, field },
    }),

  fieldConflict: (field: string, first: string, second: string): BulkheadError =>
    pluginError('CONFIG_FIELD_CONFLICT', `Cannot set ${field}: plugins "${first}" and "${second}" want different values`, {
      hint: `bulkhead plugin order ${first} ${second}   (the later one has it), or: bulkhead plugin disable ${first}`,
      data: { field, plugins: [first, second] },
    }),

  dataTooLarge: (plugin: string, charactersMax: number): BulkheadError =>
    pluginError('PLUGIN_DATA_TOO_LARGE', `plugin "${plugin}" hands on more than ${charactersMax} characters of data`, {
      hint: `bulkhead plugin disable ${plugin}`,
      data: { plugin, charactersMax },
    }),

  /** The plugin's own words; its name stands before them. */
  commandAborted: (
    plugin: string,
    command: string,
    { message, exitCode = 1 }: { message: string; exitCode?: number | undefined },
  ): BulkheadError =>
    pluginError('COMMAND_ABORTED', `plugin "${plugin}" stopped "${command}": ${message}`, { data: { plugin, command, exitCode } }),

  flagRefused: (plugin: string, flag: string, why: string): BulkheadError =>
    pluginError('FLAG_REFUSED', `Cannot use the answer of plugin "${plugin}" to beforeCommand: --${flag} ${why}`, {
      hint: `bulkhead plugin disable ${plugin}`,
      data: { plugin, flag },
    }),

  flagNotGranted: (plugin: string, command: string, flag: string): BulkheadError =>
    pluginError('FLAG_NOT_GRANTED', `Cannot let plugin "${plugin}" change --${flag}: it was not granted flags:${command}.${flag}`, {
      hint: `bulkhead plugin grant ${plugin} flags:${command}.${flag}, or: bulkhead plugin disable ${plugin}`,
      data: { plugin, command, flag },
    }),

  flagConflict: (flag: string, first: string, second: string): BulkheadError =>
    pluginError('FLAG_CONFLICT', `Cannot set --${flag}: plugins "${first}" and "${second}" want different values`, {
      hint: `bulkhead plugin disable ${first}, or: bulkhead plugin disable ${second}`,
      data: { flag, plugins: [first, second] },
    }),

  roleConflict: (role: string, first: string, second: string): BulkheadError =>
    userError('PLUGIN_ROLE_CONFLICT', `Cannot let two plugins ${role}: "${first}" and "${second}" are both enabled`, {
      hint: `bulkhead plugin disable ${second}`,
      data: { plugins: [first, second] },
    }),

  controllerLost: (plugin: string, why: unknown): BulkheadError =>
    pluginError('CONTROLLER_LOST', `Cannot let plugin "${plugin}" control the container any more: ${messageOf(why)}`, {
      hint: `bulkhead plugin disable ${plugin}`,
      data: { plugin },
      cause: why,
    }),

  decisionNotGranted: (plugin: string, action: string, permission: string): BulkheadError =>
    pluginError('DECISION_NOT_GRANTED', `Cannot let plugin "${plugin}" decide to ${action}: it was not granted ${permission}`, {
      hint: `bulkhead plugin grant ${plugin} ${permission}`,
      data: { plugin, permission },
    }),

  notController: (plugin: string): BulkheadError =>
    pluginError(
      'PLUGIN_NOT_CONTROLLER',
      `Cannot use the answer of plugin "${plugin}" to monitorContainer: it observes, and only a plugin with monitor: { mode: 'control' } decides`,
      { hint: `bulkhead plugin disable ${plugin}`, data: { plugin } },
    ),

  quarantined: (name: string, { since, failures }: QuarantineNotice): BulkheadError => {
    const last = failures.at(-1)?.why ?? 'unknown';
    return userError(
      'PLUGIN_QUARANTINED',
      `plugin "${name}" is in quarantine since ${since}: its compartment ended ${failures.length} times in a row, the last time: ${last}`,
      { hint: `bulkhead plugin enable ${name}`, data: { plugin: name, since, failures, lasts: true } },
    );
  },

  catalogUnsound: (why: string, hint: string | undefined): BulkheadError =>
    userError('CATALOG_UNSOUND', `Cannot tell which plugins a run needs: ${why}`, { hint: hint ?? 'bulkhead plugin list', data: { why } }),

  /** The next four: no container starts. `file` is where the operator required the plugin. */
  requiredMissing: (plugin: string, file: string, why: string | undefined): BulkheadError =>
    userError('REQUIRED_PLUGIN_MISSING', `Cannot run a container: ${required(plugin, file)}, and ${why ?? 'it is not installed'}`, {
      hint: 'as root: bulkhead plugin install FILE',
      data: { plugin, file },
    }),

  requiredHidden: (plugin: string, file: string, directory: string): BulkheadError =>
    userError(
      'REQUIRED_PLUGIN_HIDDEN',
      `Cannot run a container: ${required(plugin, file)}, and a plugin of that name in ${directory} hides it`,
      {
        hint: `bulkhead plugin uninstall --user ${plugin}, or leave --plugin-dir and BULKHEAD_PLUGIN_DIR out`,
        data: { plugin, file, directory },
      },
    ),

  requiredDisabled: (plugin: string, file: string): BulkheadError =>
    userError('REQUIRED_PLUGIN_DISABLED', `Cannot run a container: ${required(plugin, file)}, and it is disabled`, {
      hint: `as root: bulkhead plugin enable ${plugin}`,
      data: { plugin, file },
    }),

  requiredFailed: (plugin: string, file: string, cause: BulkheadError): BulkheadError =>
    new BulkheadError(cause.kind, cause.code, `${cause.message}; ${required(plugin, file)}`, {
      hint:
        cause.code === 'PLUGIN_NOT_CONFIGURED'
          ? `as root: ${cause.hint ?? ''}`
          : `mend the plugin and install it again, or take it out of required-plugins in ${file}`,
      data: cause.data,
      cause,
    }),

  notFound: (name: string): BulkheadError =>
    userError('PLUGIN_NOT_FOUND', 'plugin not found', { hint: 'bulkhead plugin list', data: { name } }),

  /** Does not repeat the value: it may be a secret. */
  settingInvalid: (key: string): BulkheadError =>
    userError(
      'SETTING_INVALID',
      `${key === '' ? 'a setting without a key' : JSON.stringify(key)} is not KEY=VALUE, or its value cannot be one`,
      {
        hint: 'bulkhead plugin configure NAME KEY=VALUE',
      },
    ),

  settingsFileInvalid: (file: string, why: string): BulkheadError =>
    userError('SETTINGS_FILE_INVALID', `cannot use ${file}: ${why}`, { data: { file, why } }),

  cannotLook: (path: string, why: string, cause: unknown): BulkheadError =>
    userError('PATH_UNREADABLE', `Cannot look at ${path}: ${why}`, { data: { path, why }, cause }),

  configUnreadable: (file: string, why: string, cause?: unknown): BulkheadError =>
    userError('CONFIG_FILE_INVALID', `Cannot read ${file}: ${why}`, { data: { file, why }, cause }),
};

function required(plugin: string, file: string): string {
  return `plugin "${plugin}" is required by ${file}`;
}
