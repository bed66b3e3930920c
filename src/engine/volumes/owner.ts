/**
 * A file named after the process that it belongs to: it has an owner from the instant it exists, and what a killed one left is told
 * from what somebody is busy with.
 *
 *      4026531836.8123.991734.0f9c…3d.a1b2c3d4
 *      pid ns     pid  start  boot    one of many
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { findProcess, isAlive } from '../lifecycle/process-tree.js';

const OWNER = /^(\d+)\.(\d+)\.(\d+)\.([0-9a-f]{32})\.[0-9a-f]{8}$/;

/** Of this process; another one at each call. */
export function nameOwner(): string {
  const { pidNamespace, boot } = readHere();
  return [pidNamespace, process.pid, findProcess(process.pid)?.startTicks ?? '0', boot, randomBytes(4).toString('hex')].join('.');
}

/** Whether its owner is gone for sure: a pid of another pid namespace cannot be judged from here. */
export function isAbandoned(name: string): boolean {
  const [, pidNamespace, pid, startTicks = '', boot] = OWNER.exec(name) ?? [];
  const here = readHere();
  if (boot === undefined) return false;
  if (boot !== here.boot) return true;
  return pidNamespace === here.pidNamespace && !isAlive({ pid: Number(pid), startTicks });
}

function readHere(): { pidNamespace: string; boot: string } {
  return {
    pidNamespace: readlinkSync('/proc/self/ns/pid').replaceAll(/\D/g, ''),
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().replaceAll('-', ''),
  };
}
