/**
 * Who the command is inside, and what remains of root's power.
 *
 *      caller     asked for    uid inside     user namespace                    capabilities
 *      root       anything     0              none                              LIMITED
 *      user       fakeroot     0 = caller     one: 0 inside is the caller       LIMITED, and only over that namespace
 *      user       nothing      the caller's   two: the second maps back         none
 *
 * Without a new root mount (pivot), as for the third, the kernel refuses further user namespaces inside; --fakeroot has one.
 */
export type Identity = 'root' | 'fakeroot' | 'user';

export function chooseIdentity(uid: number, fakeroot: boolean): Identity {
  if (uid === 0) return 'root';
  return fakeroot ? 'fakeroot' : 'user';
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
