/**
 * The engine runs containers. It knows nothing of plugins: where others may act, it has moments.
 *
 *      open image ─▶ configure ─▶ validate ─▶ open session ─▶ launch ─▶ started ─▶ observe … exit ─▶ close, in reverse order
 *          │             │                                                 │           │
 *      openImage     configure                                          started     observe          (the moments)
 *
 * What a container is: private mount, PID, IPC and UTS namespaces (and a user namespace for an ordinary user), /proc and
 * /dev of its own, a read-only /sys, the host's network. Root keeps Docker's capabilities without mknod; an ordinary user
 * has the own uid and no capability, or with `fakeroot` uid 0 in a user namespace. Nobody gains privileges by exec.
 *
 * What an image is: never written to. A container writes into memory over the image, and that is gone when it ends, or into a
 * directory that outlives it; what shall stay goes there, or to a bind. `readOnly` leaves both out. Binds are written with the caller's own rights.
 * /tmp and /var/tmp are the image's, in memory as all else, or empty where the command could not have written there.
 *
 * What the command finds in its environment: PATH, HOME and, where the caller has it, TERM; over these what the image, the
 * user and `configure` set; nothing else of the caller's. (With a variable that steers the dynamic linker, such as LD_PRELOAD, the
 * image's own shell comes in between, and may add PWD, SHLVL and `_`.)
 *
 *      images/       what can be run            mounts/     plan the root, then write it down as directories and fstab lines
 *      drivers/      programs that mount        (squashfuse, fuse-overlayfs), started and watched inside the session
 *      runtimes/     the chain that runs it     lifecycle/  sessions, signals, observers, the story of a run
 *      terminal/     a terminal of its own      volumes/    directories that outlive containers
 */
export { describingBuiltinImages } from './images/built-in.js';
export { configureContainer } from './lifecycle/configure.js';
export { execInContainer } from './lifecycle/exec.js';
export { findProcess, isAlive } from './lifecycle/process-tree.js';
export { runContainer } from './lifecycle/run.js';
export { findSession } from './lifecycle/session.js';
export { chooseRuntime } from './runtimes/choose-runtime.js';
export { reachProcesses } from './lifecycle/container-use.js';
export { sweepKilled, type Swept } from './lifecycle/sweep.js';
export { findDiskUse, type DiskUse } from './lifecycle/disk-use.js';
export { measureContainer } from './lifecycle/container-use.js';
export { namesNetworks } from './request-options.js';
export { removeOwnedTree } from './runtimes/remove-owned.js';
export { keepCallerTerminal, makeCallerTerminalRaw } from './terminal/caller-terminal.js';
export { tellSize, type WindowSize } from './terminal/window.js';
export { findTerminalTools } from './terminal/own-terminal.js';
export { readTool } from './tools.js';
export { volumeInUse } from './errors.js';
export { createVolume, listVolumes, readVolume, removeVolume, sweepVolumes, type Volume, type VolumeList } from './volumes/volumes.js';
export type { OptionRequest } from './options.js';
export type { OwnedRanges, UserMapping } from './runtimes/user-mapping.js';
export type {
  Container,
  ContainerConfig,
  ContainerEvent,
  ContainerReach,
  ContainerUse,
  ControlDecision,
  Controller,
  ExecOptions,
  ExecRequest,
  ImageAnswer,
  ImageToMount,
  Moments,
  Mount,
  MountAnswer,
  MountPlan,
  OperatorRuntime,
  OverlayChoice,
  ProcessRef,
  RuntimePlan,
  RuntimeQuestion,
  RunOptions,
  RunRequest,
  RunResult,
  Streams,
} from './shapes.js';
