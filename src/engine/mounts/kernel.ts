/**
 * /proc, /sys and /dev/pts. What real root could do to the host through them is closed, as Docker does: the kernel guards
 * these files by uid alone, so a container's root could write /proc/sys/kernel/core_pattern and have the host run a program.
 * An ordinary user gains nothing by them, and covering parts of /proc would forbid nested containers.
 */
import { statSync } from 'node:fs';
import type { FstabLine } from './fstab.js';

const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

const MASKED = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/kpagecount',
  '/proc/kpageflags',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

const HARMLESS = ['nosuid', 'nodev', 'noexec'];

/** `root` is where the container's root is being built. */
export function mountProc(root: string, isRealRoot: boolean): FstabLine[] {
  const proc: FstabLine = { source: 'proc', target: `${root}/proc`, type: 'proc', options: HARMLESS };
  return isRealRoot ? [proc, ...READ_ONLY.filter(exists).flatMap((path) => freeze(`${root}${path}`)), ...maskBelow('/proc', root)] : [proc];
}

/**
 * The host's, read-only: only whoever owns the network namespace may mount a new sysfs, and that fails over an image that is `/`,
 * whose own `/sys` it would be. An ordinary user may show it only with what is mounted below it.
 */
export function mountSys(root: string, isRealRoot: boolean): FstabLine[] {
  const target = `${root}/sys`;
  return [
    { source: '/sys', target, type: 'none', options: [isRealRoot ? 'bind' : 'rbind'] },
    { source: 'none', target, type: 'none', options: ['remount', 'bind', 'ro', ...HARMLESS] },
    ...(isRealRoot ? maskBelow('/sys', root) : []),
  ];
}

export function mountPts(root: string): FstabLine[] {
  return [
    {
      source: 'devpts',
      target: `${root}/dev/pts`,
      type: 'devpts',
      options: ['newinstance', 'ptmxmode=0666', 'mode=0620', 'nosuid', 'noexec'],
    },
  ];
}

/**
 * Over the host's, for the chain alone: a terminal of the command's own is to be one of the container's. After all else, so that what
 * is bound of the host's is found there.
 */
export function shadowTerminals(root: string): FstabLine[] {
  return exists('/dev/pts') ? [{ source: `${root}/dev/pts`, target: '/dev/pts', type: 'none', options: ['bind'] }] : [];
}

function freeze(target: string): FstabLine[] {
  return [
    { source: target, target, type: 'none', options: ['rbind'] },
    { source: 'none', target, type: 'none', options: ['remount', 'bind', 'ro', ...HARMLESS] },
  ];
}

function maskBelow(directory: string, root: string): FstabLine[] {
  return MASKED.filter((path) => path.startsWith(`${directory}/`) && exists(path)).map((path) =>
    statSync(path).isDirectory()
      ? { source: 'tmpfs', target: `${root}${path}`, type: 'tmpfs', options: ['ro', ...HARMLESS] }
      : { source: '/dev/null', target: `${root}${path}`, type: 'none', options: ['bind'] },
  );
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
