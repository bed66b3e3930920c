/**
 * Which system calls a command may make under an OCI runtime. The embedded runtime has no filter: none of its programs can set one.
 *
 * Everything is refused (EPERM) but what is named here. Left out, as Docker does: what changes the machine as a whole (modules,
 * clock, swap, reboot, kexec), what is not divided by namespaces (keyrings), what only debuggers need of others' memory policy,
 * what has been a way out again and again (bpf, userfaultfd, io_uring, new user namespaces), and what is obsolete. A capability that
 * the container has brings back what it is for.
 */
import { readFile, stat } from 'node:fs/promises';
import * as v from 'valibot';
import { messageOf } from '#base/errors.js';
import { seccompInvalid } from '../errors.js';
import type { SecurityOptions } from '../security-options.js';

/** By the capabilities of the command (`CAP_CHOWN`, …). */
export type SeccompProfile = (capabilities: readonly string[]) => SeccompFilter;

const operators = ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'].map((name) => `SCMP_CMP_${name}`);
const actions = ['KILL', 'KILL_PROCESS', 'KILL_THREAD', 'TRAP', 'ERRNO', 'TRACE', 'ALLOW', 'LOG'].map((name) => `SCMP_ACT_${name}`);
const action = v.picklist(actions);
const errorNumber = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(4095));
const number = v.pipe(v.number(), v.integer(), v.minValue(0));
const argument = v.strictObject({
  index: v.pipe(number, v.maxValue(5)),
  value: number,
  valueTwo: v.optional(number),
  op: v.picklist(operators),
});
const syscall = v.strictObject({
  names: v.pipe(v.array(v.pipe(v.string(), v.regex(/^[a-z0-9_]{1,64}$/i))), v.minLength(1), v.maxLength(1024)),
  action,
  errnoRet: v.optional(errorNumber),
  args: v.optional(v.pipe(v.array(argument), v.maxLength(64))),
});
/** `linux.seccomp` of the specification, without what would hand decisions to a program outside. */
const filterSchema = v.strictObject({
  defaultAction: action,
  defaultErrnoRet: v.optional(errorNumber),
  architectures: v.optional(v.pipe(v.array(v.pipe(v.string(), v.regex(/^SCMP_ARCH_[A-Z0-9]{1,20}$/))), v.maxLength(32))),
  flags: v.optional(v.pipe(v.array(v.pipe(v.string(), v.regex(/^SECCOMP_FILTER_FLAG_[A-Z_]{1,30}$/))), v.maxLength(8))),
  syscalls: v.optional(v.pipe(v.array(syscall), v.maxLength(4096))),
});
export type SeccompFilter = v.InferOutput<typeof filterSchema>;
type SeccompRule = v.InferOutput<typeof syscall>;

const PROFILE_BYTES_MAX = 1_048_576;

/** Undefined where every system call may be made. */
export async function loadProfile({ seccomp }: SecurityOptions): Promise<SeccompProfile | undefined> {
  if (seccomp === 'unconfined') return undefined;
  if (seccomp === 'default') return composeFilter;
  const filter = await readFilter(seccomp.file);
  return () => filter;
}

async function readFilter(file: string): Promise<SeccompFilter> {
  let value: unknown;
  try {
    const { size } = await stat(file);
    if (size > PROFILE_BYTES_MAX) throw new Error('it has more than 1 MiB');
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (thrown) {
    throw seccompInvalid(file, messageOf(thrown), thrown);
  }
  const checked = v.safeParse(filterSchema, value, { abortEarly: true });
  if (checked.success) return checked.output;
  const [issue] = checked.issues;
  throw seccompInvalid(file, `${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
}

/** glibc falls back from clone3, whose flags no filter can see, when it is told that there is none. */
const NOT_THERE = 38;
const NOT_PERMITTED = 1;
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
const NAMESPACE_FLAGS = 0x7e02_0000;
/** Linux, 32 bits, and what both are asked with. */
const PERSONALITIES = [0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];
/** Sockets to the host of a virtual machine are not divided by network namespaces. */
const AF_VSOCK = 40;

/** The profile for a command with these capabilities. */
export function composeFilter(capabilities: readonly string[]): SeccompFilter {
  const has = (name: string): boolean => capabilities.includes(name);
  const granted = Object.entries(WITH_CAPABILITY).flatMap(([name, calls]) => (has(name) ? calls : []));
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: NOT_PERMITTED,
    architectures: [...(ARCHITECTURES[process.arch] ?? [])],
    syscalls: [
      allow([...ALLOWED, ...granted]),
      ...PERSONALITIES.map((value) => allow(['personality'], [{ index: 0, value, op: 'SCMP_CMP_EQ' }])),
      allow(['socket'], [{ index: 0, value: AF_VSOCK, op: 'SCMP_CMP_NE' }]),
      ...(has('CAP_SYS_ADMIN') ? [] : forbidNamespaces()),
    ],
  };
}

function forbidNamespaces(): SeccompRule[] {
  return [
    allow(['clone'], [{ index: 0, value: NAMESPACE_FLAGS, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }]),
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: NOT_THERE },
  ];
}

function allow(names: string[], args: SeccompRule['args'] = undefined): SeccompRule {
  return { names, action: 'SCMP_ACT_ALLOW', ...(args === undefined ? {} : { args }) };
}

/** A program for the older half of a processor makes its calls by other numbers. */
const ARCHITECTURES: Readonly<Record<string, readonly string[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

const words = (text: string): string[] => text.split(/\s+/).filter(Boolean);

const WITH_CAPABILITY: Readonly<Record<string, readonly string[]>> = {
  CAP_DAC_READ_SEARCH: ['open_by_handle_at'],
  CAP_SYS_ADMIN: words(`
    bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree
    perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare`),
  CAP_SYS_BOOT: ['reboot'],
  CAP_SYS_CHROOT: ['chroot'],
  CAP_SYS_MODULE: ['delete_module', 'init_module', 'finit_module'],
  CAP_SYS_PACCT: ['acct'],
  CAP_SYS_PTRACE: ['kcmp', 'pidfd_getfd', 'process_madvise'],
  CAP_SYS_RAWIO: ['iopl', 'ioperm'],
  CAP_SYS_TIME: ['settimeofday', 'stime', 'clock_settime', 'clock_settime64', 'clock_adjtime', 'clock_adjtime64'],
  CAP_SYS_TTY_CONFIG: ['vhangup'],
  CAP_SYS_NICE: ['get_mempolicy', 'mbind', 'set_mempolicy', 'set_mempolicy_home_node', 'migrate_pages', 'move_pages'],
  CAP_SYSLOG: ['syslog'],
  CAP_BPF: ['bpf'],
  CAP_PERFMON: ['perf_event_open'],
};

/** By what they are about. Names that a processor or a library does not know are passed over by the runtimes. */
const ALLOWED: readonly string[] = [
  // Files, by path and by descriptor.
  ...words(`
    access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
    fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync
    fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64
    futimesat getcwd getdents getdents64 getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl lchown
    lchown32 lgetxattr link linkat listxattr llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64 mkdir mkdirat
    mknod mknodat name_to_handle_at newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read
    readahead readlink readlinkat readv removexattr rename renameat renameat2 rmdir sendfile sendfile64 setxattr splice stat
    stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range sync_file_range2 arm_sync_file_range syncfs tee
    truncate truncate64 umask unlink unlinkat utime utimensat utimensat_time64 utimes vmsplice write writev cachestat
    arm_fadvise64_64 landlock_create_ruleset landlock_add_rule landlock_restrict_self`),
  // Waiting for many things at once.
  ...words(`
    epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2
    io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit poll ppoll ppoll_time64 pselect6
    pselect6_time64 _newselect select signalfd signalfd4 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime
    timerfd_settime64`),
  // Memory.
  ...words(`
    brk cacheflush madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2
    mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease
    remap_file_pages`),
  // Processes and threads. What they may do to one another, PID namespaces and uids decide.
  ...words(`
    arch_prctl capget capset execve execveat exit exit_group fork futex futex_requeue futex_time64 futex_wait futex_waitv
    futex_wake get_robust_list get_thread_area getpgid getpgrp getpid getppid getpriority getrlimit getrusage getsid gettid
    ioprio_get ioprio_set kill modify_ldt pause pidfd_open pidfd_send_signal prctl prlimit64 process_vm_readv
    process_vm_writev ptrace restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
    rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min
    sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64
    sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp set_robust_list set_thread_area
    set_tid_address set_tls setpgid setpriority setrlimit setsid sigaltstack signal sigaction sigpending sigprocmask
    sigreturn sigsuspend tgkill tkill ugetrlimit vfork wait4 waitid waitpid getcpu breakpoint`),
  // Who one is.
  ...words(`
    getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid getresgid32 getresuid getresuid32
    getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setregid setregid32
    setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32`),
  // Time.
  ...words(`
    adjtimex alarm clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64
    getitimer gettimeofday nanosleep setitimer time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64
    timer_settime timer_settime64 times`),
  // Sockets, pipes and System V.
  ...words(`
    accept accept4 bind connect getpeername getsockname getsockopt ipc listen mq_getsetattr mq_notify mq_open
    mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd pipe pipe2
    recv recvfrom recvmmsg recvmmsg_time64 recvmsg semctl semget semop semtimedop semtimedop_time64 send sendmmsg sendmsg
    sendto setsockopt shmat shmctl shmdt shmget shutdown socketcall socketpair`),
  // The machine, as far as it may be asked.
  ...words(`getrandom sysinfo uname`),
];
