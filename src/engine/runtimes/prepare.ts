/** Writes into the session all that the chain needs; starts nothing. */
import { existsSync } from 'node:fs';
import { open, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Caller } from '../config.js';
import { envConflict, envNeedsShell } from '../errors.js';
import { renderFstab } from '../mounts/fstab.js';
import { layOut } from '../mounts/layout.js';
import { findBoundMounts, readMountTable } from '../mounts/mount-table.js';
import { resolvePath, type RootTree } from '../mounts/root-tree.js';
import { writeLayout } from '../mounts/write-layout.js';
import type { ContainerConfig } from '../shapes.js';
import type { Tools } from '../tools.js';
import { sortEnvironment, type SortedEnvironment } from './environment.js';
import type { Identity } from './identity.js';
import { composeLauncher, type Launcher } from './launcher.js';
import { COMMAND_FILE, FSTAB_FILE, LOG_FILE, MEMORY_FSTAB_FILE, SCRIPT_FILE, writeCommand, writeScript } from './script.js';

export interface PrepareRequest {
  /** The session directory. */
  readonly session: string;
  readonly tree: RootTree;
  readonly config: ContainerConfig;
  readonly identity: Identity;
  readonly tools: Tools;
  readonly caller: Caller;
}

export interface PreparedContainer {
  readonly launcher: Launcher;
  readonly identity: Identity;
  readonly tools: Tools;
  /** Where the mounts must be found once they are made. */
  readonly mountPoints: readonly string[];
}

export async function prepareContainer({ session, tree, config, identity, tools, caller }: PrepareRequest): Promise<PreparedContainer> {
  const env = sortEnvironment(config.env);
  await refuseEnvironment(env, tree);
  const { uid, gid } = caller;
  const launcher = composeLauncher({
    tools,
    identity,
    uid,
    gid,
    workingDirectory: config.workingDirectory,
    env,
    command: config.command,
    options: config,
  });
  const table = await readMountTable('self');
  // What the caller cannot reach the container cannot either, nor could it be mounted anew.
  const layout = layOut(tree, {
    session,
    identity,
    findBoundMounts: (directory) => findBoundMounts(table, directory).filter((mount) => existsSync(mount.point)),
  });
  await writeLayout(session, layout);
  const files = {
    [MEMORY_FSTAB_FILE]: renderFstab(layout.memory),
    [FSTAB_FILE]: renderFstab(layout.mounts),
    [SCRIPT_FILE]: writeScript({ session, tools, identity, hostname: config.hostname, network: config.network }),
    [COMMAND_FILE]: writeCommand(launcher, env, config.umask),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(session, name), text, { mode: 0o600, flag: 'wx' });
  return { launcher, identity, tools, mountPoints: [...layout.memory, ...layout.mounts].map((line) => line.target) };
}

/** For what the chain's programs have to say. */
export function openLog(session: string): Promise<FileHandle> {
  return open(join(session, LOG_FILE), 'wx+', 0o600);
}

async function refuseEnvironment(env: SortedEnvironment, tree: RootTree): Promise<void> {
  const [linker] = env.linker.keys();
  const [shell] = env.shell.keys();
  if (linker === undefined) return;
  if (shell !== undefined) throw envConflict(linker, shell);
  const { entry } = await resolvePath(tree, '/bin/sh');
  if (entry?.kind !== 'file') throw envNeedsShell(linker);
}
