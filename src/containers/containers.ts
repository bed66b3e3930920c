/**
 * Containers as they are on disk, and what can be done with them from there. No daemon and no socket: what is written here and
 * what /proc says decide what a container is; each verb reads both anew, and any process of the same user may be the one that asks.
 *
 *      KEPT/       STATE/containers: those that are named, detached or created; they outlive their end
 *      PASSING/    RUN/containers: those in the foreground without a name, which are removed when they end
 *          k3v0a91xw2qm/            0700, made beside it and renamed; the id is that of the engine's session
 *              container.json       written once                                            shapes.ts, record.ts
 *              state.json           replaced as a whole                                      status.ts says what is true of it
 *              input                what it reads, in the background with --interactive: a FIFO       input.ts
 *              output.jsonl         what it wrote, a line each; .1, .2, … are older, .1 the youngest
 *              writable/            of its writable layer
 *          names/web/               holds one file, which says whose the name is; the claim of a name      names.ts
 *          *.staged, *.removed      of a process that makes or removes one, or was killed meanwhile        sweep.ts
 *
 * Everything belongs to one uid. What has another owner, or what others may write to, is refused: nobody's record makes a verb of
 * somebody else signal a process. A process is its pid, when it started, its pid namespace and the boot: a number that was used
 * again is another process (process.ts).
 */
export { copy, type CopySide } from './copy/copy.js';
export {
  findContainer,
  findPlace,
  listContainers,
  openContainer,
  type Container,
  type ContainerList,
  type ContainerProblem,
} from './find.js';
export { openContainerInput, type ContainerInput } from './input.js';
export { parseFilters, requireLabels } from './labels.js';
export { readOutput, readOutputFiles, type OutputOptions, type OutputPart } from './output.js';
export { judgeProcess, referToProcess, type ProcessVerdict } from './process.js';
export { chooseContainerId, createRecord, placeOf, readRecord, readState, removeRecord, writeState, type NewRecord } from './record.js';
export { pruneContainers, removeContainer, type Pruned, type RemoveOptions } from './remove.js';
export {
  CONTAINER_FILES,
  containerId,
  containerName,
  outputLine,
  type ContainerPlace,
  type ContainerRecord,
  type ContainerRoots,
  type ContainerState,
  type OutputLine,
  type ProcessReference,
} from './shapes.js';
export { requireInteractive, requireRunning } from './running.js';
export { parseSignal, signalContainer } from './signal.js';
export { watchStats, type ContainerStats } from './stats.js';
export { judgeStatus, type TrueStatus } from './status.js';
export { ownedName, readOwnedName } from './owner.js';
export { stopContainer, type StopOptions } from './stop.js';
export { sweepPassing, sweepRecords } from './sweep.js';
export { waitForExit } from './wait.js';
