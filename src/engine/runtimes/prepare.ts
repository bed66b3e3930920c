/** Writes into the session all that the chain needs; starts nothing. */
import { existsSync } from 'node:fs';
import { open, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Caller } from '../config.js';
import { composeProgram, type SessionProgram } from '../drivers/program.js';
import { closeFds, PROGRAMS_MAX, writeStage, type Stage } from '../drivers/stage.js';
import { imageDriverInvalid } from '../errors.js';
import type { DirectoryImage } from '../images/image.js';
import { renderFstab } from '../mounts/fstab.js';
import { layOut, type OverlayPlace } from '../mounts/layout.js';
import { findBoundMounts, readMountTable } from '../mounts/mount-table.js';
import type { RootTree } from '../mounts/root-tree.js';
import { writeKept, writeLayout } from '../mounts/write-layout.js';
import type { ContainerConfig, DriverProgram } from '../shapes.js';
import type { TerminalTools } from '../terminal/own-terminal.js';
import type { Tools } from '../tools.js';
import { ENTRANCE_FILE, writeEntrance } from './entrance.js';
import type { Identity } from './identity.js';
import type { Entry, Runtime } from './runtime.js';
import {
  FSTAB_FILE,
  LOG_FILE,
  LOWER_FSTAB_FILE,
  MEMORY_FSTAB_FILE,
  REST_FILE,
  SCRIPT_FILE,
  TERMINAL_FILE,
  writeRest,
  writeScript,
  writeTerminal,
} from './script.js';

export interface PrepareRequest {
  /** The session directory. */
  readonly session: string;
  readonly tree: RootTree;
  readonly config: ContainerConfig;
  readonly identity: Identity;
  readonly tools: Tools;
  readonly caller: Caller;
  readonly runtime: Runtime;
  /** How overlays are laid; a program of a driver takes the answer's place of the kernel. */
  readonly overlays: OverlayWay;
  /** Where the command gets a terminal of its own. */
  readonly terminal?: TerminalTools | undefined;
  /** PID 1 of a session that has mounted the image already and waits for the rest. */
  readonly waiting?: { readonly pid: number; readonly programs: number } | undefined;
}

/** `driver` answers with the program for one overlay, `copy` with what takes the image's place. */
export type OverlayWay =
  | { readonly by: 'kernel' | 'nobody' }
  | { readonly by: 'driver'; readonly find: (writable: boolean) => Promise<DriverProgram> }
  | { readonly by: 'copy'; readonly copy: (image: DirectoryImage) => Promise<DirectoryImage> };

export interface PreparedContainer {
  readonly entry: Entry;
  /** Where the mounts must be found once they are made. */
  readonly mountPoints: readonly string[];
  /** The programs that lay overlays, where drivers do. */
  readonly stage: Stage | undefined;
}

export async function prepareContainer(request: PrepareRequest): Promise<PreparedContainer> {
  const { session, tree, config, identity, tools, caller, runtime, overlays, waiting, terminal } = request;
  const table = await readMountTable(waiting?.pid ?? 'self');
  // What the caller cannot reach the container cannot either, nor could it be mounted anew.
  const layout = layOut(tree, {
    session,
    identity,
    findBoundMounts: (directory) => findBoundMounts(table, directory).filter((mount) => existsSync(mount.point)),
    overlays: overlays.by,
    isHidden: waiting !== undefined,
  });
  const first = waiting?.programs ?? 0;
  const stage = await composeStage(layout.overlays, { image: config.image, overlays, first });
  const atOwnTerminal = terminal !== undefined;
  // At a terminal there is but one stream.
  const streams = `2>&${atOwnTerminal ? 1 : 3} 3>&- 4>&- ${waiting === undefined && stage === undefined ? '' : closeFds()}`.trimEnd();
  const entry = await runtime.enter({ session, tree, config, identity, tools, caller, atOwnTerminal, streams });
  const script = {
    session,
    tools,
    identity,
    hostname: config.hostname,
    network: config.network,
    stage: stage === undefined ? [] : writeStage(stage.name, stage.programs, { tools, first }),
    terminal,
    entry: entry.lines,
  };
  const owner = identity === 'root' ? config.user?.uid : undefined;
  const console = runtime.makesTerminal ? undefined : `${session}/root/dev/console`;
  await writeLayout(session, layout);
  await writeKept(tree, identity === 'root');
  const files = {
    [MEMORY_FSTAB_FILE]: renderFstab(layout.memory),
    [FSTAB_FILE]: renderFstab(layout.mounts),
    [LOWER_FSTAB_FILE]: renderFstab(layout.lowers),
    ...(waiting === undefined ? { [SCRIPT_FILE]: writeScript(script) } : { [REST_FILE]: writeRest(script) }),
    ...entry.files,
    [ENTRANCE_FILE]: writeEntrance(config, { identity, caller, program: entry.program }),
    ...(terminal === undefined ? {} : { [TERMINAL_FILE]: writeTerminal(script, terminal, { owner, console }) }),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(session, name), text, { mode: 0o600, flag: 'wx' });
  return { entry, mountPoints: [...layout.memory, ...layout.mounts].map((line) => line.target), stage };
}

async function composeStage(
  places: readonly OverlayPlace[],
  { image, overlays, first }: { image: string; overlays: OverlayWay; first: number },
): Promise<Stage | undefined> {
  if (overlays.by !== 'driver' || places.length === 0) return undefined;
  if (first + places.length > PROGRAMS_MAX) throw imageDriverInvalid(image, `more than ${PROGRAMS_MAX} programs would be needed`);
  const programs: SessionProgram[] = [];
  for (const { point, target, lower, writable } of places) {
    const what = point === '/' ? image : `${image} at ${point}`;
    const program = await overlays.find(writable !== undefined);
    programs.push(composeProgram(program, { what, target, values: { lower, ...writable } }));
  }
  return { name: 'overlays', programs, first };
}

/** For what the chain's programs have to say. */
export function openLog(session: string): Promise<FileHandle> {
  return open(join(session, LOG_FILE), 'wx+', 0o600);
}
