import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'mocha';
import { describeForEach } from '../fixtures/each-who.js';

describeForEach('the process of a container', (lab, who) => {
  const sh = (script: string, changes: Parameters<ReturnType<typeof lab>['run']>[0] = {}) =>
    lab().run({ ...changes, command: ['sh', '-c', script] });
  const refused = async (changes: Parameters<ReturnType<typeof lab>['run']>[0]): Promise<string> => {
    const { exitCode, stdout, stderr } = await sh('echo ran', changes);
    assert.deepEqual([exitCode, stdout], [255, ''], stderr);
    return stderr;
  };

  it('has the umask that was asked for', async () => {
    assert.equal((await sh('umask; touch /tmp/f; stat -c %a /tmp/f', { options: { umask: '0027' } })).stdout, '0027\n640\n');
    assert.match(await refused({ options: { umask: '0888' } }), /^OPTION_INVALID .*octal/);
  });

  it('has the resource limits that were asked for, and none above the caller’s own', async () => {
    const options = { rlimits: ['nofile=100:200', 'core=0', 'fsize=4096:8192'] };
    const { stdout, stderr } = await sh('ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -Sf; head -c 9000 /dev/zero >/tmp/big', { options });
    assert.equal(stdout, '100\n200\n0\n8\n', stderr);
    assert.match(await refused({ options: { rlimits: ['nofile=9999999999'] } }), /^OPTION_UNSUPPORTED .*rlimits\.nofile/);
    assert.match(await refused({ options: { rlimits: ['nofile=200:100'] } }), /^OPTION_UNSUPPORTED .*soft limit/);
    assert.match(await refused({ options: { rlimits: ['files=1'] } }), /^OPTION_INVALID /);
  });

  it('has variables of files, without those that are unset', async () => {
    const file = join(lab().directory, 'variables');
    await writeFile(file, '# a comment\nFROM_FILE=it\'s "quoted"\n\nBOTH=file\r\nGONE=1\n');
    const { stdout } = await sh('echo "$FROM_FILE|$BOTH|${GONE-unset}|${PATH-unset}"', {
      env: ['BOTH=flag'],
      options: { envFiles: [file], unsetEnv: ['GONE'] },
    });
    assert.match(stdout, /^it's "quoted"\|flag\|unset\|\/usr/);
    assert.match(await refused({ options: { envFiles: ['/no/such/file'] } }), /^ENV_FILE_UNREADABLE /);
    await writeFile(file, 'no assignment\n');
    assert.match(await refused({ options: { envFiles: [file] } }), /^ENV_INVALID /);
  });

  it('is another user where that was asked for, known by name where the image has users', async () => {
    const passwd = join(lab().image, 'etc/passwd');
    const group = join(lab().image, 'etc/group');
    await writeFile(passwd, 'root:x:0:0:root:/root:/bin/sh');
    await writeFile(group, 'root:x:0:\n');
    try {
      const { stdout, stderr } = await sh('id; grep -c . /etc/passwd; echo x >>/etc/passwd 2>/dev/null || echo kept', {
        options: { user: '4321:1234' },
      });
      assert.match(stdout, /^uid=4321\(\w[^)]*\) gid=1234\(\w[^)]*\).*\n2\nkept\n$/, stderr);
    } finally {
      await rm(passwd);
      await rm(group);
    }
    const bare = await sh('id -u; grep CapEff /proc/self/status', { options: { user: '4321' } });
    assert.equal(bare.stdout, '4321\nCapEff:\t0000000000000000\n', bare.stderr);
    assert.match(await refused({ options: { user: 'ann' } }), /^OPTION_INVALID /);
  });

  it('can be root of a user namespace', async () => {
    const { stdout } = await sh('id -u; cat /proc/self/uid_map', { options: who === 'root' ? { userns: true } : { user: '0' } });
    // The second line where the caller has subordinate ids, and may map them.
    assert.match(stdout, /^0\n +0 +\d+ +1\n(?: +1 +\d+ +\d+\n)?$/);
    if (who === 'root') {
      assert.match(stdout, /^0\n +0 +0 +1\n$/);
      assert.match(await refused({ options: { userns: true, user: '1000' } }), /^OPTION_UNSUPPORTED /);
    } else {
      assert.match(await refused({ options: { user: '0:5' } }), /^OPTION_UNSUPPORTED /);
    }
  });

  it('has capabilities added and dropped, and never gains any by exec', async () => {
    const look = 'grep -E "CapEff|CapBnd|NoNewPrivs" /proc/self/status | tr -d "\\t" | tr "\\n" " "';
    const caps = async (options: object) => {
      const { stdout, stderr } = await sh(look, { fakeroot: who === 'user', options });
      const [, effective = '', newPrivileges] = /CapEff:(\w+) .*NoNewPrivs:(\d)/.exec(stdout) ?? [];
      assert.equal(newPrivileges, '1', stderr);
      return BigInt(`0x${effective}`);
    };
    const bit = (number: number) => 1n << BigInt(number);
    const usual = await caps({});
    assert.equal(await caps({ addCapabilities: ['CAP_SYS_PTRACE'] }), usual | bit(19));
    assert.equal(await caps({ dropCapabilities: ['net_raw,chown'] }), usual & ~bit(13) & ~bit(0));
    // The last step into the container needs sys_chroot.
    assert.equal(await caps({ dropCapabilities: ['all'] }), bit(18));
    assert.equal(await caps({ dropCapabilities: ['all'], addCapabilities: ['kill'] }), bit(18) | bit(5));
    const all = await caps({ addCapabilities: ['all'], dropCapabilities: ['sys_admin'] });
    assert.equal(all & (bit(19) | bit(21) | bit(0)), bit(19) | bit(0));
    assert.match(await refused({ options: { addCapabilities: ['flying'] }, fakeroot: true }), /^OPTION_UNSUPPORTED .*flying/);
    assert.match(await refused({ options: { dropCapabilities: ['sys_chroot'] } }), /^OPTION_UNSUPPORTED .*sys_chroot/);
    assert.match(await refused({ options: { addCapabilities: ['kill'], user: '77' } }), /^OPTION_UNSUPPORTED .*uid 77/);
  });
});
