import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'mocha';
import { assertNothingLeft } from '../../../helpers/leftovers.js';
import { describeForEach, describeForEachRuntime } from '../../fixtures/each-who.js';
import { RUNTIMES } from '../../../helpers/runtimes.js';
import { needTool } from '../../../helpers/need.js';

/** What a command can see of what it is, as lines. */
const LOOK = [
  'id -u; id -g; pwd; umask; ulimit -n; ulimit -c',
  'grep -E "^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs|SigIgn|SigBlk)" /proc/self/status',
  'echo "$A|$LD_LIBRARY_PATH|$HOME|$PATH"',
  'ls /dev | grep -v core; ls /; cat /proc/self/cgroup | grep -c bulkhead',
  'echo x >/new && cat /new; cat /etc/inner/hostname; touch /bound/file; uname -n',
  '[ -w /proc/sys/kernel/core_pattern ] && (echo x >/proc/sys/kernel/core_pattern) 2>/dev/null && echo "may write"',
  'ls -A /sys/fs/cgroup 2>/dev/null | wc -l >/dev/null; exit 9',
].join('; ');

describeForEach('a command', (lab, who) => {
  it('sees the same with each runtime, and leaves nothing', async function () {
    for (const program of Object.values(RUNTIMES)) if (program !== undefined) needTool(this, program);
    const bound = join(lab().directory, 'bound');
    await mkdir(bound, { recursive: true });
    await lab().give(bound);
    const see = (runtime: string, fakeroot: boolean) =>
      lab().run({
        runtime,
        fakeroot,
        command: ['sh', '-c', LOOK],
        env: ['A=b c', 'LD_LIBRARY_PATH=/nowhere'],
        binds: [`${bound}:/bound`, '/etc/hostname:/etc/inner/hostname:ro'],
        hostname: 'boat',
        workingDirectory: '/usr',
        options: { umask: '0027', rlimits: ['nofile=77:78', 'core=0'] },
      });
    for (const fakeroot of who === 'root' ? [false] : [false, true]) {
      const embedded = await see('embedded', fakeroot);
      assert.equal(embedded.exitCode, 9, embedded.stderr);
      assert.match(embedded.stdout, /^\d+\n\d+\n\/usr\n0027\n77\n0\n[^]*b c\|\/nowhere\|[^]*boat\n$/);
      for (const runtime of ['crun', 'runc']) {
        if (runtime === 'runc' && who === 'user' && !fakeroot) continue;
        const { exitCode, stdout, stderr } = await see(runtime, fakeroot);
        assert.deepEqual([exitCode, stdout], [9, embedded.stdout], stderr);
      }
    }
    await assertNothingLeft(lab());
  });

  it('that keeps its own uid is refused to runc, with what does it', async function () {
    needTool(this, 'runc');
    if (who === 'root') return;
    const { exitCode, stderr } = await lab().run({ runtime: 'runc' });
    assert.equal(exitCode, 255);
    assert.match(stderr, /^RUNTIME_UNSUITABLE .*"runc"/);
  });
});

describeForEachRuntime('a runtime', (lab, who, runtime) => {
  it('shows root nothing of /proc by which it could harm the host', async function () {
    if (who !== 'root') return;
    const { stdout, stderr } = await lab().run({
      command: ['sh', '-c', 'exec 2>&1; wc -c </proc/interrupts; (echo x >/proc/sys/kernel/core_pattern)'],
    });
    assert.match(stdout, /^0\n.*core_pattern: Read-only file system\n$/, stderr);
  });

  it('filters system calls where it can, unless it is told not to', async () => {
    const filtered = async (securityOptions: string[]) => {
      const { stdout, stderr } = await lab().run({
        command: ['sh', '-c', 'grep ^Seccomp: /proc/self/status; chroot / true 2>/dev/null || echo refused'],
        securityOptions,
        fakeroot: who === 'user',
        options: { dropCapabilities: ['net_raw'] },
      });
      assert.equal(stderr, '');
      return stdout;
    };
    const isFiltered = runtime !== 'embedded';
    assert.match(await filtered(['no-new-privileges']), isFiltered ? /^Seccomp:\t2\n$/ : /^Seccomp:\t0\n$/);
    assert.match(await filtered(['seccomp=unconfined']), /^Seccomp:\t0\n$/);
  });

  it('refuses new namespaces by its filter, and nothing that programs need', async () => {
    if (runtime === 'embedded') return;
    const { stdout, stderr } = await lab().run({
      command: ['sh', '-c', 'unshare --user true 2>&1; ls / | sort >/dev/null && echo all else'],
    });
    assert.match(stdout, /unshare failed: Operation not permitted\nall else\n$/, stderr);
  });

  it('says 127 of a script whose interpreter is missing, 126 where that is a directory, and tells no start of it', async () => {
    const directory = join(lab().directory, 'scripts');
    const script = async (name: string, text: string): Promise<void> => {
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, name), text);
      await chmod(join(directory, name), 0o755);
    };
    await script('missing', '#! /no/such -x\necho ran\n');
    await script('directory', '#!/etc\necho ran\n');
    await script('fails', '#!/bin/sh\nexit 1\n');
    for (const [name, code] of Object.entries({ missing: 127, directory: 126, fails: 1 })) {
      const binds = [`${directory}:/mnt`];
      const { exitCode, stdout, events } = await lab().run({ command: [`/mnt/${name}`], binds });
      assert.deepEqual([exitCode, stdout], [code, ''], name);
      assert.equal(
        events.some((line) => line.startsWith('started ')),
        name === 'fails',
        name,
      );
    }
    const found = await lab().run({ command: ['missing'], env: ['PATH=/usr/bin:/mnt'], binds: [`${directory}:/mnt`] });
    assert.equal(found.exitCode, 127);
  });

  it('takes a profile of a file, or says why not', async () => {
    const file = join(lab().directory, 'profile.json');
    const write = async (value: unknown) => {
      await writeFile(file, typeof value === 'string' ? value : JSON.stringify(value));
      await chmod(file, 0o644);
    };
    const run = () => lab().run({ command: ['sh', '-c', 'mkdir /tmp/made'], securityOptions: [`seccomp=${file}`] });
    const forbidden = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 28 };
    await write({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [forbidden] });
    const { exitCode, stderr } = await run();
    if (runtime === 'embedded') {
      assert.match(stderr, /^OPTION_UNSUPPORTED .*seccomp profile/);
      return;
    }
    assert.match(stderr, /No space left on device/);
    assert.equal(exitCode, 1);
    await write('{"defaultAction":');
    assert.match((await run()).stderr, /^SECCOMP_INVALID .*JSON/);
    await write({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ ...forbidden, includes: {} }] });
    assert.match((await run()).stderr, /^SECCOMP_INVALID .*syscalls\.0\.includes/);
    assert.match((await lab().run({ securityOptions: ['seccomp=/no/such'] })).stderr, /^SECCOMP_INVALID .*ENOENT/);
    for (const typed of ['apparmor=x', 'seccomp=', 'no-new-privileges=false'])
      assert.match((await lab().run({ securityOptions: [typed] })).stderr, /^OPTION_INVALID .*--security-opt/);
  });

  it('holds a container to its memory, or says that it cannot', async () => {
    const { stdout, stderr } = await lab().run({
      command: ['sh', '-c', 'head -c 100000000 /dev/zero | tail -c 90000000 | wc -c; cat /proc/self/cgroup'],
      options: { memory: '16M' },
    });
    if (stderr.includes('WARNING The limit of 16777216 bytes')) assert.match(stdout, /^90000000\n/);
    else assert.match(stdout, /^(?!90000000\n)[^]*bulkhead-[a-z0-9]{12}\./, stderr);
    await assertNothingLeft(lab());
  });
});
