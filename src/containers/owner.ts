/**
 * Who makes or removes something, as part of its name: so it has an owner from the instant it exists, and what a killed one left
 * is told from what somebody is busy with.
 *
 *      k3v0a91xw2qm.4026531836.8123.991734.0f9c…3d.staged
 *      id           pid namespace  pid  start  boot
 */
import { judgeProcess, referToProcess } from './process.js';

const OWNED = /^([a-z0-9]{12})\.(\d{1,20})\.(\d{1,7})\.(\d{1,20})\.([0-9a-f]{32})(?:\.(staged|removed))?$/;

/** Of this process. */
export function ownedName(id: string, kind?: 'staged' | 'removed'): string {
  const own = referToProcess(process.pid);
  const owner = [own?.pidNamespace ?? '0', process.pid, own?.startTicks ?? '0', (own?.bootId ?? '').replaceAll('-', '')].join('.');
  return kind === undefined ? `${id}.${owner}` : `${id}.${owner}.${kind}`;
}

/** The id in a name that `ownedName` has made, and whether its owner is gone for sure; undefined for any other name. */
export function readOwnedName(name: string): { readonly id: string; readonly isAbandoned: boolean } | undefined {
  const [, id, pidNamespace = '', pid, startTicks = '', boot = ''] = OWNED.exec(name) ?? [];
  if (id === undefined) return undefined;
  const bootId = boot.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { id, isAbandoned: judgeProcess({ pid: Number(pid), startTicks, pidNamespace, bootId }) === 'dead' };
}
