import { definePlugin } from '@bulkhead/plugin-sdk';

/**
 * A runtime that confines more than crun alone: crun itself runs inside bubblewrap, where the host is read-only, and the container has
 * fewer capabilities, fewer system calls and a control group namespace of its own. It runs nothing itself: it says what is to be run.
 */
export default definePlugin({
  name: 'example.com/sandboxd',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'Runs containers with crun inside bubblewrap',
  permissions: { runtime: ['crun', '/usr/bin/bwrap'] },
  runtimes: ['sandboxd'],
  callbacks: {
    runtime({ container }, host) {
      host.log.debug(`crun runs ${container.id} inside bubblewrap`);
      return {
        program: 'crun',
        // The order counts: what comes later lies over what came before.
        wrapper: {
          program: '/usr/bin/bwrap',
          args: [
            ...['--ro-bind', '/', '/', '--bind', '/proc', '/proc', '--dev-bind', '/dev', '/dev', '--tmpfs', '/tmp'],
            ...['--dev-bind', '{session}', '{session}', '--die-with-parent', '--'],
          ],
        },
        changes: {
          dropCapabilities: ['CAP_NET_RAW', 'CAP_AUDIT_WRITE', 'CAP_SETFCAP', 'CAP_SYS_CHROOT', 'CAP_MKNOD'],
          refuseSystemCalls: ['ptrace', 'process_vm_readv', 'process_vm_writev', 'pidfd_getfd', 'unshare', 'setns', 'userfaultfd'],
          hide: ['/sys/class/dmi', '/sys/devices/virtual/dmi'],
          namespaces: ['cgroup'],
        },
      };
    },
  },
});
