import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { findShipped } from '#base/shipped.js';
import { hostErrors } from './errors.js';

/** The file that each worker loads. */
export function findGuestFile(): string {
  return findBuilt('guest/guest.cjs');
}

/** The program of each helper process. */
export function findGuestProcessFile(): string {
  return findBuilt('guest/process.cjs');
}

function findBuilt(path: string): string {
  const found = findShipped(path);
  if (found === undefined) throw hostErrors.guestNotBuilt();
  return found;
}

/**
 * The second wall: what Node's permission model lets the worker's own realm do, which is to read the guest and piscina. No
 * other file, no child process, no worker, no addon; no network from Node 25 on. It holds for this worker alone.
 */
export function permissionArguments(guestFile: string): string[] {
  const piscina = dirname(realpathSync(createRequire(import.meta.url).resolve('piscina')));
  return [...processPermissionArguments(guestFile), `--allow-fs-read=${piscina}/*`];
}

/** The same for a process, in which there is no piscina. */
export function processPermissionArguments(guestFile: string): string[] {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
  return [flag, `--allow-fs-read=${dirname(guestFile)}/*`, '--no-warnings'];
}
