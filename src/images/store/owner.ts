/**
 * Who made something in the store, as a part of its file's name: `<host>-<boot>-<pid namespace>-<pid>-<start ticks>`. A store can be
 * in a home that several machines share, so that a process may be neither here nor gone.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { hashName } from '#base/hash-name.js';
import { findProcess, isAlive, readPidNamespace } from '#base/process.js';

const OWNER = /^([0-9a-f]{8})-([0-9a-f]{8})-(\d+)-(\d+)-(\d+)(?:\.|$)/;

/** Of this process. */
export async function describeOwner(): Promise<string> {
  const startTicks = findProcess(process.pid)?.startTicks ?? '0';
  return [hostTag(), bootTag(), await readPidNamespace(), process.pid, startTicks].join('-');
}

export type OwnerState = 'alive' | 'gone' | 'unknown';

/** Tells of names that begin with an owner whether that one still runs. */
export async function judgeOwners(): Promise<(name: string) => OwnerState> {
  const [ownHost, ownBoot, ownNamespace] = [hostTag(), bootTag(), await readPidNamespace()];
  return (name) => {
    const [, host, boot, namespace, pid, startTicks = ''] = OWNER.exec(name) ?? [];
    if (host !== ownHost) return 'unknown';
    if (boot !== ownBoot) return 'gone';
    if (namespace !== ownNamespace) return 'unknown';
    return isAlive({ pid: Number(pid), startTicks }) ? 'alive' : 'gone';
  };
}

function hostTag(): string {
  return hashName(hostname()).slice(0, 8);
}

function bootTag(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').replaceAll('-', '').slice(0, 8);
}
