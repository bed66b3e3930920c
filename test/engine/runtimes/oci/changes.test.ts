import assert from 'node:assert/strict';
import { changeSpec } from '#engine/runtimes/oci/changes.js';
import { composeFilter, type SeccompFilter } from '#engine/runtimes/oci/seccomp.js';
import type { Spec } from '#engine/runtimes/oci/spec.js';

const capabilities = ['CAP_CHOWN', 'CAP_KILL'];

function specWith(seccomp: SeccompFilter | undefined): Spec {
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0, umask: 0o22 },
      args: ['true'],
      env: ['SECRET=1'],
      cwd: '/',
      noNewPrivileges: true,
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities, inheritable: [], ambient: [] },
    },
    root: { path: 'root' },
    mounts: [],
    linux: { namespaces: [{ type: 'mount' }], ...(seccomp === undefined ? {} : { seccomp }) },
  };
}

const namesOf = (filter: SeccompFilter | undefined): string[] => (filter?.syscalls ?? []).flatMap(({ names }) => names);

describe('what a plugin may change of config.json', () => {
  it('is nothing where it asks for nothing', () => {
    const spec = specWith(composeFilter(capabilities));
    assert.deepEqual(changeSpec(spec, {}), spec);
  });

  it('takes capabilities out of each set, and gives none', () => {
    const { process } = changeSpec(specWith(undefined), { dropCapabilities: ['CAP_KILL', 'CAP_SYS_ADMIN'] });
    assert.deepEqual(process.capabilities, {
      bounding: ['CAP_CHOWN'],
      effective: ['CAP_CHOWN'],
      permitted: ['CAP_CHOWN'],
      inheritable: [],
      ambient: [],
    });
  });

  it('leaves no rule for a system call that is refused, where all is refused that has none', () => {
    const before = composeFilter(capabilities);
    const after = changeSpec(specWith(before), { refuseSystemCalls: ['ptrace', 'personality', 'clone'] }).linux.seccomp;
    assert.ok(namesOf(before).includes('ptrace'));
    for (const name of ['ptrace', 'personality', 'clone']) assert.ok(!namesOf(after).includes(name), name);
    assert.ok(namesOf(after).includes('read'));
    assert.equal(after?.defaultAction, 'SCMP_ACT_ERRNO');
  });

  it('adds the one rule that refuses it, where all is allowed that has none', () => {
    const rule = { names: ['ptrace'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 };
    const own: SeccompFilter = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['ptrace', 'mount'], action: 'SCMP_ACT_LOG' }] };
    for (const [filter, expected] of [
      [undefined, [rule]],
      [own, [{ names: ['mount'], action: 'SCMP_ACT_LOG' }, rule]],
    ] as const)
      assert.deepEqual(changeSpec(specWith(filter), { refuseSystemCalls: ['ptrace'] }).linux.seccomp?.syscalls, expected);
  });

  it('hides paths, makes them read-only, and adds each namespace once', () => {
    const { linux } = changeSpec(specWith(undefined), { hide: ['/a'], readOnly: ['/b'], namespaces: ['cgroup', 'network', 'cgroup'] });
    assert.deepEqual([linux.maskedPaths, linux.readonlyPaths], [['/a'], ['/b']]);
    assert.deepEqual(
      linux.namespaces.map(({ type }) => type),
      ['mount', 'cgroup', 'network'],
    );
  });
});
