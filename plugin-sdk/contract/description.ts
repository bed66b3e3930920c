/**
 * What is static in a plugin: read out of `definePlugin` once, when the plugin is compiled, and kept in the manifest.
 * Help, completion, list and inspect need nothing else, so that none of them runs plugin code.
 */
import * as v from 'valibot';
import { configField } from './container-config.js';
import { absolutePath, envName, imageScheme, pluginName, serverName, semanticVersion, sha256, shortText, text } from './shapes.js';

/** What the plugin asks for. An empty or absent list means none. */
export const permissions = v.strictObject({
  /** Fields of the container's configuration that `engineConfig` may change. */
  config: v.optional(v.pipe(v.array(configField), v.maxLength(32))),
  /** Variables of the caller's environment that it may read. */
  env: v.optional(v.pipe(v.array(envName), v.maxLength(64))),
  /** Files and directories of the host that it may read; a directory grants all below it. */
  readFile: v.optional(v.pipe(v.array(absolutePath), v.maxLength(64))),
  /** Files of the host that it may write, and directories in which and below which it may. */
  writeFile: v.optional(v.pipe(v.array(absolutePath), v.maxLength(64))),
  /** Servers that it may ask: `registry.example.com`, with `:5000`, all below by `*.`, by http instead of https with `http://` before it. */
  fetch: v.optional(v.pipe(v.array(serverName), v.maxLength(64))),
  /** Programs of the host that it may run, with whatever arguments. */
  exec: v.optional(v.pipe(v.array(absolutePath), v.maxLength(64))),
});
export type Permissions = v.InferOutput<typeof permissions>;

export const flagDefinition = v.strictObject({
  type: v.picklist(['boolean', 'string', 'integer']),
  summary: v.optional(shortText),
  /** One letter, for `-a`. */
  short: v.optional(v.pipe(v.string(), v.regex(/^(?![dqh])[A-Za-z]$/, 'must be one letter, and not d, q or h, which bulkhead has itself'))),
  required: v.optional(v.boolean()),
  default: v.optional(v.union([v.boolean(), v.pipe(v.string(), v.maxLength(4096)), v.pipe(v.number(), v.safeInteger())])),
});
export type FlagDefinition = v.InferOutput<typeof flagDefinition>;

export const flagName = v.pipe(
  v.string(),
  v.maxLength(64),
  v.regex(
    /^(?!(?:debug|quiet|plugin-dir|help|json|version)$)[a-z][a-z0-9-]*$/,
    'must be lower-case letters, digits and "-", and none of the flags that bulkhead has itself',
  ),
);

/** `scratch` or `scratch list`: one to four words of lower-case letters, digits and `-`. */
export const commandName = v.pipe(
  v.string(),
  v.maxLength(128),
  v.regex(/^[a-z][a-z0-9-]*(?: [a-z][a-z0-9-]*){0,3}$/, 'must be one to four words of lower-case letters, digits and "-"'),
);

export const commandDescription = v.strictObject({
  summary: shortText,
  usage: v.optional(shortText),
  examples: v.optional(v.pipe(v.array(shortText), v.maxLength(16))),
  /** How many arguments it takes; none where absent. */
  args: v.optional(
    v.strictObject({
      min: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
      max: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
    }),
  ),
  flags: v.optional(v.pipe(v.record(flagName, flagDefinition), v.maxEntries(64))),
});
export type CommandDescription = v.InferOutput<typeof commandDescription>;

const versions = v.pipe(v.record(v.pipe(v.string(), v.maxLength(64)), semanticVersion), v.maxEntries(128));

/** What a contract is known by: its version, the digest of all its schemas, and the version of each of its callbacks and powers. */
export const contractStamp = v.strictObject({ version: semanticVersion, digest: sha256, callbacks: versions, powers: versions });
export type ContractStamp = v.InferOutput<typeof contractStamp>;

export const pluginDescription = v.strictObject({
  name: pluginName,
  author: shortText,
  version: semanticVersion,
  description: text,
  /** The contract that the plugin was built against; `callbacks` and `powers` hold those that it uses. */
  contract: contractStamp,
  /** Kept as text, so that a plugin for a newer host can still be inspected; the version lock decides. */
  callbacks: v.pipe(v.array(v.pipe(v.string(), v.maxLength(64))), v.maxLength(64)),
  permissions,
  commands: v.pipe(v.record(commandName, commandDescription), v.maxEntries(64)),
  imageSchemes: v.pipe(v.array(imageScheme), v.maxLength(16)),
});
export type PluginDescription = v.InferOutput<typeof pluginDescription>;
