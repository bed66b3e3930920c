/**
 * The container's configuration: all that `engineConfig` sees, and what it may answer with. A field that is absent is the engine's
 * default. Each field is a permission of its own, as in `config:mounts`, and has one owner among the plugins: of a record or a list
 * each entry has one.
 */
import * as v from 'valibot';
import { absolutePath, commandLine, envName, envValue, environment, hostname, mounts, text } from './shapes.js';

const bytes = v.pipe(v.number(), v.safeInteger(), v.minValue(4096));
const userId = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(4_294_967_294));

/** Where HOME is: nowhere (`/`), a directory of the host, or an empty one in memory. Absent: HOME is named and nothing is mounted. */
export const home = v.variant('type', [
  v.strictObject({ type: v.literal('none') }),
  v.strictObject({ type: v.literal('bind'), source: absolutePath, destination: absolutePath, readOnly: v.optional(v.boolean()) }),
  v.strictObject({ type: v.literal('tmpfs'), destination: absolutePath, sizeBytes: v.optional(bytes) }),
]);

const limit = v.union([v.literal('unlimited'), v.pipe(v.number(), v.safeInteger(), v.minValue(0))]);
const resourceLimit = v.strictObject({ soft: limit, hard: limit });
/** As setrlimit(2) knows them; bytes, seconds, or counts. None may be above the caller's own hard limit. */
export const resourceLimits = v.partial(
  v.strictObject({
    as: resourceLimit,
    core: resourceLimit,
    cpu: resourceLimit,
    data: resourceLimit,
    fsize: resourceLimit,
    locks: resourceLimit,
    memlock: resourceLimit,
    msgqueue: resourceLimit,
    nice: resourceLimit,
    nofile: resourceLimit,
    nproc: resourceLimit,
    rss: resourceLimit,
    rtprio: resourceLimit,
    rttime: resourceLimit,
    sigpending: resourceLimit,
    stack: resourceLimit,
  }),
);

/** `sys_ptrace`, `net_raw`, as in capabilities(7) without CAP_; `all` for all of them. */
const capabilityName = v.pipe(v.string(), v.maxLength(32), v.regex(/^[a-z][a-z_]{1,31}$/, 'must be a capability such as sys_ptrace'));
/** What is added to (true) and taken from (false) the capabilities that root has inside; `all` is applied before the others. */
export const capabilities = v.pipe(v.record(capabilityName, v.boolean()), v.maxEntries(64));

/** In the form of an address; the host has the last word on whether it is one. */
const address = v.pipe(
  v.string(),
  v.maxLength(45),
  v.regex(/^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|(?=.*:)[0-9A-Fa-f:.]{2,45})$/, 'must be an IP address'),
);
const word = v.pipe(v.string(), v.maxLength(253), v.regex(/^[A-Za-z0-9_.:-]+$/, 'must be letters, digits, "_", ".", ":" and "-"'));
/** What /etc/resolv.conf says. */
export const dns = v.partial(
  v.strictObject({
    servers: v.pipe(v.array(address), v.maxLength(3)),
    search: v.pipe(v.array(word), v.maxLength(6)),
    options: v.pipe(v.array(word), v.maxLength(16)),
  }),
);
/** Added to /etc/hosts: name -> address. */
export const hosts = v.pipe(v.record(hostname, address), v.maxEntries(256));

const ownOrHosts = v.picklist(['private', 'host']);
/** pid is always private: what ends a container ends all of its processes. `user` may be private for root; for others it always is. */
export const namespaces = v.partial(v.strictObject({ ipc: ownOrHosts, uts: ownOrHosts, user: ownOrHosts }));

/** A device node of the host, with the rights that the caller has to it. `destination` is the same path where absent. */
export const device = v.strictObject({
  path: absolutePath,
  destination: v.optional(absolutePath),
  /** Skipped where the host has no such device. */
  optional: v.optional(v.boolean()),
});

/** A device by the Container Device Interface: `vendor.com/class=name`. */
export const cdiDevice = v.pipe(
  v.string(),
  v.maxLength(256),
  v.regex(
    /^[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]\/[A-Za-z][A-Za-z0-9_-]*=[A-Za-z0-9][A-Za-z0-9_.:-]*$/,
    'must be a device such as vendor.com/gpu=0',
  ),
);

/** Of the container as a whole, held by a control group. Without one that the caller may use there is a warning, and no limit. */
export const limits = v.partial(
  v.strictObject({
    memoryBytes: bytes,
    /** Cores, as in 0.5. */
    cpus: v.pipe(v.number(), v.minValue(0.01), v.maxValue(65536)),
    pids: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(4_194_304)),
  }),
);

/** What may be there besides the essentials; the same in the configuration and in changes of it. */
const options = {
  hostname: v.optional(hostname),
  home: v.optional(home),
  /** A directory of the host in which /tmp and /var/tmp are, and scratch directories. */
  workdir: v.optional(absolutePath),
  /** How much may be written over the image, in memory; the kernel's default (half of memory) where absent. */
  rootSizeBytes: v.optional(bytes),
  umask: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0o777))),
  rlimits: v.optional(resourceLimits),
  /** Who the command is inside; the caller where absent. For an ordinary user uid 0 is that of a user namespace. */
  user: v.optional(v.strictObject({ uid: userId, gid: userId })),
  capabilities: v.optional(capabilities),
  /** `none`: nothing but a loopback of its own. */
  network: v.optional(v.picklist(['host', 'none'])),
  dns: v.optional(dns),
  hosts: v.optional(hosts),
  namespaces: v.optional(namespaces),
  devices: v.optional(v.pipe(v.array(device), v.maxLength(64))),
  cdi: v.optional(v.pipe(v.array(cdiDevice), v.maxLength(64))),
  limits: v.optional(limits),
};

/** The container's configuration, complete, before anything has started. */
export const containerConfig = v.strictObject({
  image: text,
  command: commandLine,
  env: environment,
  mounts,
  workingDirectory: absolutePath,
  /** Whether the root file system is read-only. */
  readOnly: v.boolean(),
  ...options,
});
export type ContainerConfig = v.InferOutput<typeof containerConfig>;

/**
 * What an `engineConfig` callback answers: only what it changes. Lists and records are added to what is there, entry by entry, and
 * the rest replaces it. A variable of the environment that is null is removed.
 */
export const configChanges = v.strictObject({
  /** Another image, opened in the place of the user's; command and environment stay as they are. */
  image: v.optional(v.pipe(text, v.minLength(1))),
  mounts: v.optional(mounts),
  env: v.optional(v.pipe(v.record(envName, v.nullable(envValue)), v.maxEntries(4096))),
  command: v.optional(v.pipe(commandLine, v.minLength(1))),
  workingDirectory: v.optional(absolutePath),
  readOnly: v.optional(v.boolean()),
  ...options,
});
export type ConfigChanges = v.InferOutput<typeof configChanges>;

/** The fields of the configuration that `permissions.config` may name. */
export const configFields = Object.keys(configChanges.entries) as [keyof ConfigChanges, ...(keyof ConfigChanges)[]];
export const configField = v.picklist(configFields);
export type ConfigField = v.InferOutput<typeof configField>;
