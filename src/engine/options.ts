/**
 * What a container may have besides the essentials. Structurally the same as the contract's, as all in shapes.ts. What is absent is
 * the engine's default.
 */
export interface ContainerOptions {
  hostname?: string | undefined;
  home?: Home | undefined;
  /** A directory of the host in which /tmp and /var/tmp are. */
  workdir?: string | undefined;
  /** How much may be written over the image, in memory. */
  rootSizeBytes?: number | undefined;
  /** 0 to 0o777; the caller's where absent. */
  umask?: number | undefined;
  rlimits?: ResourceLimits | undefined;
  /** Who the command is inside; the caller where absent. */
  user?: { uid: number; gid: number } | undefined;
  /** What is added to (true) and taken from (false) what root has inside; `all` comes before the others. */
  capabilities?: Record<string, boolean> | undefined;
  /** `none`: nothing but a loopback of its own, and what networks of a name it is attached to. */
  network?: 'host' | 'none' | undefined;
  dns?: Dns | undefined;
  /** Added to /etc/hosts: name -> address. */
  hosts?: Record<string, string> | undefined;
  namespaces?: { ipc?: NamespaceChoice; uts?: NamespaceChoice; user?: NamespaceChoice } | undefined;
  devices?: Device[] | undefined;
  /** `vendor.com/class=name` each. */
  cdi?: string[] | undefined;
  limits?: Limits | undefined;
}

type NamespaceChoice = 'private' | 'host' | undefined;

/** Where HOME is. Absent: HOME is named, and nothing is mounted there. */
export type Home =
  | { type: 'none' }
  | { type: 'bind'; source: string; destination: string; readOnly?: boolean | undefined }
  | { type: 'tmpfs'; destination: string; sizeBytes?: number | undefined };

export type Limit = number | 'unlimited';
export const RLIMIT_NAMES = [
  ...(['as', 'core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile', 'nproc', 'rss', 'rtprio'] as const),
  ...(['rttime', 'sigpending', 'stack'] as const),
];
export type RlimitName = (typeof RLIMIT_NAMES)[number];
export type ResourceLimits = { [Name in RlimitName]?: { soft: Limit; hard: Limit } | undefined };

export interface Dns {
  servers?: string[] | undefined;
  search?: string[] | undefined;
  options?: string[] | undefined;
}

export interface Device {
  path: string;
  destination?: string | undefined;
  optional?: boolean | undefined;
}

/** Of the container as a whole. */
export interface Limits {
  memoryBytes?: number | undefined;
  cpus?: number | undefined;
  pids?: number | undefined;
}

/** The same as typed; see `bulkhead run --help`. */
export interface OptionRequest {
  /** `SRC[:DST[:OPTION,…]]` besides those of the request. */
  scratch?: readonly string[] | undefined;
  /** `DIR[:ro]` or `FILE:ro` each: what lies over the image; the last one is on top. */
  overlays?: readonly string[] | undefined;
  /** `DIR[:SIZE]` each, in memory. */
  tmpfs?: readonly string[] | undefined;
  workdir?: string | undefined;
  /** `none`, `bind`, `SRC[:DST]` or `tmpfs:DST`. */
  home?: string | undefined;
  rootSize?: string | undefined;
  unsetEnv?: readonly string[] | undefined;
  envFiles?: readonly string[] | undefined;
  cleanEnv?: boolean | undefined;
  /** Octal. */
  umask?: string | undefined;
  /** `NAME=SOFT[:HARD]` each. */
  rlimits?: readonly string[] | undefined;
  /** Each as `--mount` of docker has it. */
  mounts?: readonly string[] | undefined;
  /** `SRC:DST[:OPTION,…]` each; SRC is a path or the name of a volume. */
  volumes?: readonly string[] | undefined;
  /** What runs instead of the image's own command; the words of the request are its arguments. */
  entrypoint?: string | undefined;
  /** `USER[:GROUP]`, names of the image's or numbers. */
  user?: string | undefined;
  addCapabilities?: readonly string[] | undefined;
  dropCapabilities?: readonly string[] | undefined;
  /** `host`, `none`, or `NAME[,…]` each: those are for whoever has the moment `attach`. */
  networks?: readonly string[] | undefined;
  /** `[ADDRESS:]HOST:CONTAINER[/PROTOCOL]` each, for the same. */
  publish?: readonly string[] | undefined;
  dns?: readonly string[] | undefined;
  dnsSearch?: readonly string[] | undefined;
  /** `NAME:ADDRESS` each. */
  hosts?: readonly string[] | undefined;
  ipc?: string | undefined;
  uts?: string | undefined;
  pid?: string | undefined;
  userns?: boolean | undefined;
  /** A device of the host, `PATH[:DST]`, or of CDI, `vendor.com/class=name`, each. */
  devices?: readonly string[] | undefined;
  memory?: string | undefined;
  cpus?: string | undefined;
  pids?: string | undefined;
}
