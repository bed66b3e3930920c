import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { it } from 'mocha';
import { describeForEach } from '../fixtures/each-who.js';

const FULL_DESCRIPTION = 'id -u; id -g; grep -E "CapEff|CapPrm|NoNewPrivs" /proc/self/status | tr "\\n\\t" "; "';
const LIMITED = 'CapPrm: 00000000a00425fb;CapEff: 00000000a00425fb;NoNewPrivs: 1;';

describeForEach('who the command is', (lab, who) => {
  it(who === 'root' ? 'is root with Docker’s capabilities, without mknod' : 'is the caller, without capabilities', async () => {
    const { stdout } = await lab().run({ command: ['sh', '-c', FULL_DESCRIPTION] });
    const nothing = 'CapPrm: 0000000000000000;CapEff: 0000000000000000;NoNewPrivs: 1;';
    assert.equal(stdout, who === 'root' ? `0\n0\n${LIMITED}` : `${callerUid()}\n${callerUid()}\n${nothing}`);
  });

  it('is uid 0 with fakeroot, no further than over its own namespace', async () => {
    const { stdout } = await lab().run({ fakeroot: true, command: ['sh', '-c', `${FULL_DESCRIPTION}; echo; ls /proc/1/root 2>&1`] });
    assert.match(stdout, new RegExp(`^0\\n0\\n${LIMITED}\\n.*Permission denied\\n$`));
  });

  it('stands in the working directory that was asked for', async () => {
    assert.equal((await lab().run({ command: ['pwd'], workingDirectory: '/usr/bin' })).stdout, '/usr/bin\n');
  });

  it('has the host name that was asked for, else the host’s', async () => {
    assert.equal((await lab().run({ command: ['uname', '-n'], hostname: 'boat' })).stdout, 'boat\n');
    assert.equal((await lab().run({ command: ['uname', '-n'] })).stdout, `${hostname()}\n`);
  });

  it('reads what the caller has on stdin', async () => {
    const running = lab().start({ command: ['cat'] });
    running.child.stdin?.end('through');
    assert.equal((await running.outcome).stdout, 'through');
  });
});

function callerUid(): number {
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? 60_123 : uid;
}
