import type { ContainerOptions, OptionRequest } from './options.js';

/** The plain data of a run. Structurally the same as the contract's shapes; the engine has its own because it knows nothing of plugins. */
import type { RootWay } from './mounts/root-ways.js';
import type { OwnedRanges, UserMapping } from './runtimes/user-mapping.js';

/** A file system to show in the container. `optional` skips a bind whose source the host does not have. */
export type Mount =
  | {
      type: 'bind';
      source: string;
      destination: string;
      readOnly?: boolean | undefined;
      optional?: boolean | undefined;
      options?: ('nosuid' | 'nodev' | 'noexec')[] | undefined;
    }
  | { type: 'tmpfs'; destination: string; sizeBytes?: number | undefined };

/** The container's configuration, complete, before anything has started. */
export interface ContainerConfig extends ContainerOptions {
  image: string;
  command: string[];
  env: Record<string, string>;
  mounts: Mount[];
  workingDirectory: string;
  readOnly: boolean;
}

/** How an image wants to be shown: an empty root with these mounts and symbolic links (path in the container -> target). */
export interface MountPlan {
  mounts: Mount[];
  links?: Record<string, string> | undefined;
  env?: Record<string, string> | undefined;
  /** What runs when the user names no command. */
  command?: string[] | undefined;
}

/** What an image brings beside its files. */
interface ImageWishes {
  env?: Record<string, string> | undefined;
  command?: string[] | undefined;
}

/** A program that mounts and runs as long as its mount is needed; `args` with `{target}` and other placeholders, see drivers/program.ts. */
export interface DriverProgram {
  /** Absolute, and checked to be one that may be run. */
  program: string;
  args: string[];
  /** How long the mount may take to appear. */
  readyMs?: number | undefined;
}

/** Bytes of an image, in parts that are asked for one after the other. */
export interface ImageStream {
  format: 'tar' | 'tar.gz' | 'squashfs';
  /** Exactly so many bytes must come, where it is given. */
  sizeBytes?: number | undefined;
  /** May throw; ends with the last part. */
  parts: AsyncIterable<Uint8Array>;
  /** Instead of the defaults, see images/unpack-limits.ts. */
  limits?: { streamBytes?: number; unpackedBytes?: number; entries?: number } | undefined;
}

/** How an image of a scheme is to be shown. */
export type ImageAnswer =
  | ({ type?: 'plan' | undefined } & MountPlan)
  | ({ type: 'directory'; path: string } & ImageWishes)
  | ({ type: 'program' } & DriverProgram & ImageWishes)
  | ({ type: 'stream' } & ImageStream & ImageWishes);

/** What somebody else than the kernel may mount. `image` is what the user called it, `privileged` whether real root runs the container. */
export type ImageToMount =
  | { feature: 'squashfs' | 'ext3'; image: string; path: string; offset: number; sizeBytes: number; privileged: boolean }
  | { feature: 'overlay'; image: string; writable: boolean; privileged: boolean };

export type MountAnswer = ({ type: 'program' } & DriverProgram) | { type: 'directory'; path: string } | { type: 'kernel' };

/** What the user asked for, as typed. */
export interface RunRequest {
  /** A directory (with a `/`, or `.`), or `scheme:reference`. */
  image: string;
  command: string[];
  /** `SRC[:DST[:OPTION,…]]` each. */
  binds: string[];
  /** `NAME=VALUE` each. */
  env: string[];
  hostname?: string | undefined;
  readOnly: boolean;
  workingDirectory?: string | undefined;
  /** Whether an ordinary user is uid 0 inside; means nothing for root. */
  fakeroot: boolean;
  /** Whether the command gets a terminal of its own. */
  terminal?: boolean | undefined;
  /** Whether somebody types, or means to. */
  interactive?: boolean | undefined;
  options?: OptionRequest | undefined;
  /** What starts the command: `embedded` (where absent), `crun`, `runc`, a name of the operator's, or an absolute path. */
  runtime?: string | undefined;
  /** `no-new-privileges`, `seccomp=unconfined` or `seccomp=FILE` each. */
  securityOptions?: readonly string[] | undefined;
}

/** A program that speaks the command line of OCI runtimes, as an operator describes it. */
export interface OperatorRuntime {
  /** Absolute. */
  path: string;
  /** Before those that the engine gives. */
  args?: readonly string[] | undefined;
  /** Whose ways it has, where its name does not tell. */
  like?: 'crun' | 'runc' | undefined;
}

/** What is to be run, and with what `config.json`, before anybody has changed it. The environment is there by names alone. */
export interface RuntimeQuestion {
  runtime: string;
  container: { id: string; image: string; identity: 'root' | 'fakeroot' | 'user' };
  config: {
    process: {
      terminal: boolean;
      user: { uid: number; gid: number; umask: number };
      args: string[];
      envNames: string[];
      cwd: string;
      capabilities: string[];
      rlimits: { type: string; soft: number | 'unlimited'; hard: number | 'unlimited' }[];
    };
    linux: { namespaces: ('mount' | 'user')[]; seccomp: boolean };
  };
}

/** How a container is to be run; in arguments `{session}` and `{id}` are replaced. */
export interface RuntimePlan {
  /** Absolute, and checked to be one that may be run; or the name of a runtime as in RunRequest.runtime. */
  program: string;
  args?: string[] | undefined;
  /** Whose ways it has: a name or a path that begins so. */
  like?: string | undefined;
  /** What the program is run by. Absolute, and checked. */
  wrapper?: { program: string; args: string[] } | undefined;
  changes?: RuntimeChanges | undefined;
}

/** All of it takes away. */
export interface RuntimeChanges {
  /** `CAP_NET_RAW` each. */
  dropCapabilities?: string[] | undefined;
  refuseSystemCalls?: string[] | undefined;
  /** Paths of the container. */
  hide?: string[] | undefined;
  readOnly?: string[] | undefined;
  namespaces?: ('cgroup' | 'ipc' | 'network')[] | undefined;
}

/** A container that runs or ran. */
export interface Container {
  /** 12 of `a-z0-9`. */
  id: string;
  image: string;
  command: string[];
  /** On the host. */
  pid: number;
  /** Milliseconds since 1970, UTC. */
  startedAt: number;
  uid: number;
}

/** In this order: one `start`, any number of `sample` and `signal`, one `exit`. */
export type ContainerEvent =
  | { type: 'start' }
  | { type: 'sample'; memoryBytes: number; peakMemoryBytes: number; cpuMs: number; runMs: number }
  | { type: 'signal'; signal: string }
  | { type: 'exit'; exitCode: number; runMs: number };

/** A process of this machine: pids are used again, a pid and the time it started are not. */
export interface ProcessRef {
  pid: number;
  /** As /proc/PID/stat has it. */
  startTicks: string;
}

/** What can be done with a container that runs; once it has ended signals reach nobody and it uses nothing. */
export interface ContainerReach {
  readonly id: string;
  /** PID 1 of its namespace, which is the engine's, and the command. */
  readonly init: ProcessRef;
  readonly command: ProcessRef;
  /** Whose descendants are the container's processes: PID 1, or the program of its runtime. */
  readonly ancestor: ProcessRef;
  /** To the command alone. */
  signal(signal: NodeJS.Signals): void;
  /** Of all its processes; taken anew ten times a second at most, and less often where that is much work. */
  use(): ContainerUse;
}

export interface ContainerUse {
  /** Resident; what processes share counts for each. */
  memoryBytes: number;
  /** User and system time since the command began, of processes that have ended too. */
  cpuMs: number;
  pids: number;
}

/** What a controller answers to an event: nothing means what happens without one. */
export type ControlDecision =
  | { action: 'forward' }
  | { action: 'swallow' }
  | { action: 'replace'; signal: NodeJS.Signals }
  | { action: 'exit'; exitCode: number }
  | { action: 'raise'; signal: NodeJS.Signals };

/** One who decides about a container while it runs, from before `started` on. */
export interface Controller {
  /** One event at a time, in order. A signal that is not decided on within a second is forwarded, and the controller is lost. */
  decide(container: Container, event: ContainerEvent): Promise<ControlDecision | undefined>;
  /** It has thrown or was late; all is as without one from now on. Called once at most. */
  lost(why: unknown): void;
}

/** The points of a run at which others may act. Plain functions, every one optional. */
export interface Moments {
  /** Opens `scheme:reference`. Answers undefined where nobody knows the scheme; a throw fails the run. */
  openImage?(scheme: string, reference: string): Promise<ImageAnswer | undefined>;
  /** Something is to be mounted. Answers undefined where nobody wants to: then the kernel does it. A throw fails the run. */
  mountImage?(image: ImageToMount): Promise<MountAnswer | undefined>;
  /** After defaults and the user's flags, before validation; nothing has started. */
  configure?(config: ContainerConfig): Promise<ContainerConfig>;
  /** Somebody else's runtime is to run the container: RunRequest.runtime is a name that the engine does not know. A throw fails the run. */
  planRuntime?(question: RuntimeQuestion): Promise<RuntimePlan>;
  /**
   * Its own network namespace is there and has a loopback, and nothing of the container runs. Answers with what undoes it, which is
   * called once all of the container has ended. A throw fails the run.
   */
  attach?(container: { id: string; init: ProcessRef }): Promise<{ readonly detach: () => Promise<void> }>;
  /** The command runs (its exec has happened). A throw kills the container and fails the run. */
  started?(container: Container): Promise<void>;
  /** Who else an ordinary user, as root inside, has in the container; of what is the caller's own. Undefined means nobody. */
  mapUsers?(caller: { uid: number; gid: number; owned: OwnedRanges }): Promise<UserMapping | undefined>;
  /** The command runs, and this is how to reach it; before `started`. Must not throw. */
  reach?(container: ContainerReach): void;
  controller?: Controller | undefined;
  /** One event at a time, in order, never overlapping. While an observer is busy samples are skipped. A throw is logged. */
  observe?(container: Container, event: ContainerEvent): Promise<void>;
}

/** Open descriptors that the command has as its own. */
export interface Streams {
  stdin: number | 'ignore';
  stdout: number;
  stderr: number;
}

/** A process of this machine: pids are used again, a pid and the time it started are not. */
export interface ProcessRef {
  pid: number;
  /** As /proc/PID/stat has it. */
  startTicks: string;
}

/** A further command in a container that runs. */
export interface ExecRequest {
  /** PID 1 of its namespace, which is the engine's, and its command. */
  container: { id: string; init: ProcessRef; command: ProcessRef };
  command: string[];
  /** `NAME=VALUE` each, besides those of the container. */
  env: string[];
  /** As for `run`; the container's where absent. */
  user?: string | undefined;
  workingDirectory?: string | undefined;
  /** Whether it reads the caller's standard input; that is empty where absent. */
  interactive?: boolean | undefined;
  terminal?: boolean | undefined;
}

export type ExecOptions = Pick<RunOptions, 'runDirectory' | 'signal' | 'log' | 'warn'>;

export interface RunOptions {
  /** Those of this process where absent. */
  streams?: Streams | undefined;
  /** Of the container, 12 of `a-z0-9`; a new one where absent. */
  id?: string | undefined;
  /** Where sessions live; of this uid alone, e.g. `/run/bulkhead`. */
  runDirectory: string;
  /** Aborting kills the container, cleans up, and makes the run throw the signal's reason. */
  signal?: AbortSignal;
  /** Takes what is worth a line but not an error. */
  log?: (line: string) => void;
  /** Takes what the operator should see: something that was asked for is not so. */
  warn?: (line: string) => void;
  /** Where device specifications are, the last one wins, e.g. `/etc/cdi`. */
  cdiDirectories?: readonly string[];
  /** Where streams are unpacked; of this uid alone, e.g. `/var/lib/bulkhead/images`. Streams are refused where it is absent. */
  imageDirectory?: string;
  /** The store of images, of this uid alone, e.g. `/var/lib/bulkhead/image-store`. Schemes of images are all plugins' where it is absent. */
  imageStore?: string;
  /** Where named volumes are; of this uid alone, e.g. `/var/lib/bulkhead/volumes`. They are refused where it is absent. */
  volumeDirectory?: string;
  /** try (where absent): the first way of mounts/root-ways.ts that works · driver: a driver's alone · no: none, the image as it is. */
  overlay?: OverlayChoice;
  /** Ways to make a root file system that shall not be taken, see mounts/root-ways.ts. */
  avoidWays?: readonly RootWay[];
  /**
   * Where what the command writes stays, for the next run with the same directory; made 0700 where it is missing. In memory where
   * absent. Throws LAYER_BUSY where another container writes to it.
   */
  writableDirectory?: string;
  /** Where the container is written down: as long as that is there, its image is not removed from the store. */
  record?: { readonly path: string; readonly name: string };
  /** Those that an operator has named; see RunRequest.runtime. */
  runtimes?: Readonly<Record<string, OperatorRuntime>>;
}

export type OverlayChoice = 'try' | 'driver' | 'no';

export interface RunResult {
  exitCode: number;
  /** By which the caller should end as well: a controller wants it so. `exitCode` says the same in a shell's words. */
  signal?: NodeJS.Signals | undefined;
  /** From the exec of the command to its end; 0 where it never ran. */
  runMs: number;
}
