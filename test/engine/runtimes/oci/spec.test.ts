import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ContainerConfig } from '#engine/engine.js';
import { guardControlGroups } from '#engine/runtimes/oci/entry.js';
import { findDialect } from '#engine/runtimes/oci/dialects.js';
import { composeFilter } from '#engine/runtimes/oci/seccomp.js';
import { composeSpec, renderSpec, type SpecRequest } from '#engine/runtimes/oci/spec.js';
import { CAPABILITIES } from '#engine/validate-options.js';
import { assertValidSpec } from '../../../helpers/runtime-spec.js';

const config: ContainerConfig = {
  image: '/image',
  command: ['echo', 'a "b"'],
  env: { PATH: '/bin', LD_PRELOAD: '/lib/x.so', TEXT: 'a\nb' },
  mounts: [],
  workingDirectory: '/tmp',
  readOnly: false,
};

function request(changes: Partial<SpecRequest> = {}): SpecRequest {
  return {
    config,
    identity: 'root',
    caller: { uid: 1001, gid: 100 },
    profile: composeFilter,
    devices: undefined,
    terminal: undefined,
    available: new Set(CAPABILITIES),
    umask: 0o27,
    ...changes,
  };
}

describe('the config.json of a container', () => {
  const cases: [title: string, changes: Partial<SpecRequest>][] = [
    ['of root', {}],
    ['of root in a user namespace', { identity: 'fakeroot' }],
    ['of an ordinary user', { identity: 'user' }],
    ['with a terminal and a /dev of its own', { terminal: { rows: 24, columns: 80 }, devices: '/session/root/dev' }],
    ['without a filter', { profile: undefined }],
    ['with all capabilities', { config: { ...config, capabilities: { all: true } } }],
    ['with limits', { config: { ...config, rlimits: { nofile: { soft: 64, hard: 'unlimited' }, core: { soft: 0, hard: 0 } } } }],
  ];
  for (const [title, changes] of cases) {
    it(`is as the specification's schema says: ${title}`, async () => {
      await assertValidSpec(JSON.parse(renderSpec(composeSpec(request(changes)))));
    });
  }

  it('would not pass if it were not: the schema is looked at', async () => {
    const spec = composeSpec(request());
    await assert.rejects(assertValidSpec({ ...spec, process: { ...spec.process, args: 'echo' } }), /args must be array/);
    await assert.rejects(assertValidSpec({ ...spec, linux: { ...spec.linux, namespaces: [{ type: 'cellar' }] } }), /namespaces/);
  });

  it('maps an ordinary user back to the own uid, or to another, from uid 0 of the chain', () => {
    const own = composeSpec(request({ identity: 'user' }));
    assert.deepEqual(own.process.user, { uid: 1001, gid: 100, umask: 0o27 });
    assert.deepEqual(own.linux.uidMappings, [{ containerID: 1001, hostID: 0, size: 1 }]);
    assert.deepEqual(own.linux.gidMappings, [{ containerID: 100, hostID: 0, size: 1 }]);
    const other = composeSpec(request({ identity: 'user', config: { ...config, user: { uid: 5, gid: 6 } } }));
    assert.deepEqual(other.linux.uidMappings, [{ containerID: 5, hostID: 0, size: 1 }]);
    assert.deepEqual(composeSpec(request({ identity: 'fakeroot' })).linux.namespaces, [{ type: 'mount' }]);
  });

  it('leaves capabilities to uid 0 alone, and none that there is not', () => {
    const boundingOf = (changes: Partial<SpecRequest>) => composeSpec(request(changes)).process.capabilities.bounding;
    assert.ok(boundingOf({}).includes('CAP_CHOWN'));
    assert.ok(!boundingOf({}).includes('CAP_MKNOD'));
    assert.deepEqual(boundingOf({ config: { ...config, user: { uid: 7, gid: 7 } } }), []);
    assert.deepEqual(boundingOf({ identity: 'user' }), []);
    assert.deepEqual(
      boundingOf({ config: { ...config, capabilities: { all: false, kill: true, mknod: true } }, available: new Set(['kill']) }),
      ['CAP_KILL'],
    );
    assert.ok(!boundingOf({ config: { ...config, capabilities: { all: true, kill: false } } }).includes('CAP_KILL'));
  });

  it('writes "unlimited" as the number that the kernel has for it, whatever else is in the file', () => {
    const command = ['echo', 'unlimited', '"\\u0000unlimited"'];
    const text = renderSpec(composeSpec(request({ config: { ...config, command, rlimits: { nofile: { soft: 64, hard: 'unlimited' } } } })));
    assert.match(text, /"hard": 18446744073709551615$/m);
    assert.equal(text.match(/18446744073709551615/g)?.length, 1);
    assert.deepEqual((JSON.parse(text) as { process: { args: string[] } }).process.args, command);
  });
});

describe('the default seccomp profile', () => {
  const allows = (capabilities: string[], name: string) =>
    composeFilter(capabilities).syscalls?.some(
      (rule) => rule.action === 'SCMP_ACT_ALLOW' && rule.args === undefined && rule.names.includes(name),
    );

  it('refuses what is named nowhere', () => {
    assert.equal(composeFilter([]).defaultAction, 'SCMP_ACT_ERRNO');
    for (const name of [
      'mount',
      'unshare',
      'bpf',
      'keyctl',
      'init_module',
      'reboot',
      'io_uring_setup',
      'userfaultfd',
      'chroot',
      'kexec_load',
    ])
      assert.ok(!allows([], name), name);
    for (const name of ['openat', 'execve', 'futex', 'clock_gettime', 'socketpair']) assert.ok(allows([], name), name);
  });

  it('brings back what a capability is for', () => {
    for (const [capability, name] of [
      ['CAP_SYS_ADMIN', 'mount'],
      ['CAP_SYS_CHROOT', 'chroot'],
      ['CAP_SYS_MODULE', 'init_module'],
    ] as const) {
      assert.ok(!allows([], name));
      assert.ok(allows([capability], name));
    }
  });

  it('names each system call once', () => {
    const [{ names = [] } = {}] = composeFilter([]).syscalls ?? [];
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  });
});

describe('what a program of a runtime finds of control groups', () => {
  const v1 = 'cgroup /sys/fs/cgroup/memory cgroup rw 0 0\n';
  const v2 = 'cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n';
  const guard = (like: string, mounts: string, isRealRoot = true) =>
    guardControlGroups(findDialect(like), { isRealRoot, mounts }).map(
      ({ target, type, options }) => `${target} ${type} ${options.join(',')}`,
    );

  it('is hidden from crun where there are both versions, and nowhere else', () => {
    assert.deepEqual(guard('/usr/bin/crun', v1 + v2), ['/sys/fs/cgroup tmpfs ro,size=4096,mode=755']);
    for (const mounts of [v1, v2, '']) assert.deepEqual(guard('crun-1.8', mounts), []);
  });

  it('is read-only for runc as root', () => {
    assert.deepEqual(guard('/usr/sbin/runc', v1 + v2), [
      '/sys/fs/cgroup/memory none remount,bind,ro',
      '/sys/fs/cgroup/unified none remount,bind,ro',
    ]);
    assert.deepEqual(guard('runc', v1, false), []);
    assert.deepEqual(guard('/opt/youki', v1 + v2), []);
  });
});
