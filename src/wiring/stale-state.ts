/**
 * What killed commands leave in the state of plugins, removed by the next that installs, upgrades or uninstalls:
 *
 *   staged-<host>-<pid>-<random>/    a copy of a store (staged-state.ts) whose process has ended
 *   <sha256>/pending-<sha256>.json   a store that has waited for its receipt for a day
 *   <sha256>/leaving                 the name of a plugin that was to be uninstalled; where it is no more installed, all beside it
 *
 * Never throws: what stays is removed by the next one.
 */
import { mkdtemp, readdir, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import { hashName } from '#base/hash-name.js';
import { readRegularFile } from '#base/regular-file.js';
import { findInstallation, openCatalog } from '#catalog/catalog.js';
import { pluginStateDirectory, stateRoot, type Scene } from './scene.js';

/** Longer than any callback may take (deadline-max-ms), for those of whose process nothing can be known. */
const staleMs = 24 * 3_600_000;
const stagedPattern = /^staged-([0-9a-f]{8})-([0-9]+)-[A-Za-z0-9]{6}$/;
const pendingPattern = /^pending-[0-9a-f]{64}\.json$/;

/** A fresh directory for a copy, named so that it can be told when nobody uses it any more. */
export function makeStagedDirectory(root: string): Promise<string> {
  return mkdtemp(join(root, `staged-${hostTag()}-${process.pid}-`));
}

/** Says that the plugin's state goes with its receipt. Where it keeps nothing, there is nothing to say. */
export async function markLeaving({ paths }: Scene, plugin: string): Promise<void> {
  await writeFile(join(pluginStateDirectory(paths, plugin), 'leaving'), plugin, { mode: 0o600 }).catch(() => undefined);
}

export async function sweepState(scene: Scene): Promise<void> {
  const root = stateRoot(scene.paths);
  for (const name of await readdir(root).catch(() => [])) {
    const path = join(root, name);
    try {
      if (!stagedPattern.test(name)) await sweepKept(scene, path);
      else if (await isAbandoned(path, name)) await rm(path, { recursive: true, force: true });
    } catch {
      // As said above.
    }
  }
}

async function sweepKept(scene: Scene, path: string): Promise<void> {
  const names = await readdir(path);
  for (const pending of names.filter((one) => pendingPattern.test(one)))
    if (await isOld(join(path, pending))) await unlink(join(path, pending));
  if (names.includes('leaving')) await finishLeaving(scene, join(path, 'leaving'));
}

async function finishLeaving({ place }: Scene, marker: string): Promise<void> {
  const { bytes } = await readRegularFile(marker, { bytesMax: 128, noFollow: true });
  const plugin = new TextDecoder().decode(bytes);
  if (hashName(plugin) !== dirname(marker).split('/').at(-1)) return;
  if (findInstallation(await openCatalog(place), plugin) === undefined) await rm(dirname(marker), { recursive: true, force: true });
  else await unlink(marker);
}

async function isAbandoned(path: string, name: string): Promise<boolean> {
  const [, host, pid] = stagedPattern.exec(name) ?? [];
  return host === hostTag() ? !isAlive(Number(pid)) : isOld(path);
}

async function isOld(path: string): Promise<boolean> {
  return Date.now() - (await stat(path)).mtimeMs > staleMs;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemCodeOf(error) === 'EPERM';
  }
}

/** A home can be shared among machines, each with process ids of its own. */
function hostTag(): string {
  return hashName(hostname()).slice(0, 8);
}
