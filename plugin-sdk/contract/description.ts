/**
 * What is static in a plugin: read out of `definePlugin` once, when the plugin is compiled, and kept in the manifest.
 * Help, completion, list and inspect need nothing else, so that none of them runs plugin code.
 */
import * as v from 'valibot';
import { syslogFacility } from './powers/syslog.js';
import { controlScope, monitorRole, signalName } from './monitor-shapes.js';
import { configurationSchema } from './configuration.js';
import { configField } from './container-config.js';
import { imageFeature } from './image-shapes.js';
import { networkProgram, networkProvider } from './network-shapes.js';
import { runtimeName, runtimeProgram } from './runtime-shapes.js';
import { argumentDefinition, flagDefinitions } from './flags.js';
import { absolutePath, envName, imageScheme, pluginName, serverName, semanticVersion, sha256, shortText, text } from './shapes.js';

/** `scratch` or `scratch list`: one to four words of lower-case letters, digits and `-`. */
export const commandName = v.pipe(
  v.string(),
  v.maxLength(128),
  v.regex(/^[a-z][a-z0-9-]*(?: [a-z][a-z0-9-]*){0,3}$/, 'must be one to four words of lower-case letters, digits and "-"'),
);

/** A flag of a command: `run.hostname`. */
const commandFlag = v.pipe(
  v.string(),
  v.maxLength(193),
  v.regex(/^[a-z][a-z0-9-]*(?: [a-z][a-z0-9-]*){0,3}[.][a-z][a-z0-9-]*$/, 'must be a command, "." and one of its flags'),
);

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
  /** Flags of built-in commands that `beforeCommand` may change: `run.hostname`. */
  flags: v.optional(v.pipe(v.array(commandFlag), v.maxLength(64))),
  /** Signals that it may send to the container. */
  'container.signal': v.optional(v.pipe(v.array(signalName), v.maxLength(64))),
  /** What it may know of all that the container uses. */
  'container.stats': v.optional(v.pipe(v.array(v.picklist(['memory', 'cpu', 'pids'])), v.maxLength(8))),
  /** Facilities of the host's system log under which it may write lines. */
  syslog: v.optional(v.pipe(v.array(syslogFacility), v.maxLength(16))),
  /** What its answers as the controller of a container may decide. */
  'container.control': v.optional(v.pipe(v.array(controlScope), v.maxLength(8))),
  /** Files and directories of the host of which its images may be made; a directory grants all below it. The container sees them, the plugin does not. */
  mount: v.optional(v.pipe(v.array(absolutePath), v.maxLength(64))),
  /** Programs that its runtimes run containers with, with whatever arguments: by path, or by the name of an OCI runtime such as `crun`. */
  runtime: v.optional(v.pipe(v.array(runtimeProgram), v.maxLength(16))),
  /** CNI plugins, and interfaces of the host, with which it attaches containers: `bridge`, `portmap`, `macvlan:eth0`. */
  network: v.optional(v.pipe(v.array(networkProgram), v.maxLength(32))),
});
export type Permissions = v.InferOutput<typeof permissions>;

export const commandDescription = v.strictObject({
  summary: shortText,
  description: v.optional(text),
  /** What stands after the command's name in help, where that is more than its flags and arguments. */
  usage: v.optional(shortText),
  examples: v.optional(v.pipe(v.array(shortText), v.maxLength(16))),
  /** Other names of the same command. */
  aliases: v.optional(v.pipe(v.array(commandName), v.maxLength(16))),
  /** By their places; none where absent. */
  args: v.optional(v.pipe(v.array(argumentDefinition), v.maxLength(16))),
  flags: v.optional(flagDefinitions),
  /** Not in help, nor in completion. */
  hidden: v.optional(v.boolean()),
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
  /** Flags that it adds to built-in commands, by command. */
  flags: v.optional(v.pipe(v.record(commandName, flagDefinitions), v.maxEntries(16)), {}),
  /** Built-in commands around which it is asked, whether its flags are given or not. */
  hooks: v.optional(v.pipe(v.array(commandName), v.maxLength(16)), []),
  /** How it takes part in `monitorContainer`; it observes where absent. */
  monitor: v.optional(monitorRole),
  /** Plugins that are asked later, or earlier, than this one, where they are installed; the operator may say otherwise. */
  before: v.optional(v.pipe(v.array(pluginName), v.maxLength(32))),
  after: v.optional(v.pipe(v.array(pluginName), v.maxLength(32))),
  imageFeatures: v.optional(v.pipe(v.array(imageFeature), v.maxLength(16)), []),
  /** The names for `run --runtime` that its callback `runtime` answers for. */
  runtimes: v.optional(v.pipe(v.array(runtimeName), v.maxLength(16)), []),
  /** The names for `network create --plugin` that its callback `network` answers for. */
  networks: v.optional(v.pipe(v.array(networkProvider), v.maxLength(16)), []),
  /** What the operator can set; absent where there is nothing to set. */
  configuration: v.optional(configurationSchema),
});
export type PluginDescription = v.InferOutput<typeof pluginDescription>;
