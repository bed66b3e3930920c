/**
 * Who the command is inside, and what remains of root's power.
 *
 *      caller     asked for    uid inside     user namespace                    capabilities
 *      root       nothing      0, or another  none                              LIMITED, or none for another
 *      root       userns       0 = caller     one: 0 inside is the caller       LIMITED, and only over that namespace
 *      user       fakeroot     0 = caller     one: 0 inside is the caller       LIMITED, and only over that namespace
 *      user       nothing      the caller's   two: the second maps back, or     none
 *                                             to another uid
 *
 * Without a new root mount (pivot), as for the last, the kernel refuses further user namespaces inside; --fakeroot has one.
 */
import type { ContainerOptions } from '../options.js';

export type Identity = 'root' | 'fakeroot' | 'user';

export function chooseIdentity(uid: number, fakeroot: boolean): Identity {
  if (fakeroot) return 'fakeroot';
  return uid === 0 ? 'root' : 'user';
}

/** Whether the command is uid 0 of a user namespace: an ordinary user who is root inside, or root who wants one all the same. */
export function isRootInNamespace({ user, namespaces }: Pick<ContainerOptions, 'user' | 'namespaces'>, uid: number): boolean {
  return uid === 0 ? namespaces?.user === 'private' : user?.uid === 0;
}

/**
 * Docker's default list without mknod: Docker has a device cgroup behind it, here nothing else would stop root from
 * making itself the host's disk. Without sys_ptrace and sys_admin there is no way to PID 1's root, which is the host's.
 */
export const LIMITED_CAPABILITIES = [
  'chown',
  'dac_override',
  'fsetid',
  'fowner',
  'net_raw',
  'setgid',
  'setuid',
  'setfcap',
  'setpcap',
  'net_bind_service',
  'sys_chroot',
  'kill',
  'audit_write',
];
