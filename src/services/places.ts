/**
 * Where services are, all of it of one uid and mode 0700:
 *
 *      KEPT/com.bulkhead.hydra.1/       a registration
 *          definition.json              what it is; there from its registration to its end
 *          assignment.json              what its keeper was started with
 *          state.json                   what its keeper says of it
 *          output.jsonl[.1…3]           what it wrote
 *      KEPT/launcher.json               which manager of the system has the services, where one does (launchers/managed.ts)
 *      KEPT/daemon/                     the daemon's own: identity.json, output.jsonl, stderr.log
 *      RUN/daemon.sock                  where commands reach the daemon
 *      RUN/network.hydra.1.sock         an endpoint
 *      PLUGIN_STATE/hydra[/1]/          the plugin's own, its working directory
 */
import type { Stats } from 'node:fs';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { serviceErrors } from './errors.js';

/** `Paths.services`. */
export interface ServicePlaces {
  readonly kept: string;
  readonly run: string;
  readonly pluginState: string;
  /** Of service managers of the system; where absent, bulkhead's own daemon alone can keep services running. */
  readonly managers?: ManagerPlaces;
}

export interface ManagerPlaces {
  /** Directories of units: of what starts with the machine, and of what is forgotten with it. */
  readonly systemd: { readonly lasting: string; readonly passing: string };
  readonly launchd: { readonly lasting: string };
}

/** Bytes that the kernel takes as the address of a socket, its last one a zero. */
const ADDRESS_BYTES_MAX = 107;

export function controlSocket({ run }: ServicePlaces): string {
  return requireAddress(join(run, 'daemon.sock'));
}

export function daemonDirectory({ kept }: ServicePlaces): string {
  return join(kept, 'daemon');
}

export function serviceDirectory({ kept }: ServicePlaces, label: string): string {
  return join(kept, label);
}

/** The kernel cuts a longer one off without a word. */
export function requireAddress(path: string): string {
  const bytes = Buffer.byteLength(path);
  if (bytes > ADDRESS_BYTES_MAX) throw serviceErrors.addressTooLong(path, bytes, ADDRESS_BYTES_MAX);
  return path;
}

export async function openPlaces({ kept, run, pluginState }: ServicePlaces): Promise<void> {
  for (const path of [kept, dirname(run), run, pluginState]) await openOwnDirectory(path);
}

/**
 * Whether sockets may be there; before a command believes what answers at one. Without XDG_RUNTIME_DIR they are in a directory where anybody
 * may create what is not there yet. Throws SERVICES_PLACE_UNSAFE.
 */
export async function isRunDirectoryThere({ run }: ServicePlaces): Promise<boolean> {
  for (const path of [dirname(run), run]) {
    const stats = await lstat(path).catch((thrown: unknown) => {
      if (systemCodeOf(thrown) === 'ENOENT') return undefined;
      throw serviceErrors.placeUnsafe(path, systemCodeOf(thrown) ?? messageOf(thrown));
    });
    if (stats === undefined) return false;
    requireOwn(path, stats);
  }
  return true;
}

/** Creates it where missing; refuses one in which others could plant or swap what is then believed. */
export async function openOwnDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((thrown: unknown) => {
    throw serviceErrors.placeUnsafe(path, `it cannot be created (${messageOf(thrown)})`);
  });
  requireOwn(path, await lstat(path));
  await chmod(path, 0o700);
}

function requireOwn(path: string, stats: Stats): void {
  if (!stats.isDirectory()) throw serviceErrors.placeUnsafe(path, 'it is not a directory');
  if (stats.uid !== process.geteuid?.()) throw serviceErrors.placeUnsafe(path, `it belongs to uid ${stats.uid}`);
  if ((stats.mode & 0o022) !== 0) throw serviceErrors.placeUnsafe(path, 'others may write to it');
}
