import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { parseSecurityOptions } from '#engine/runtimes/security-options.js';
import { assertNothingLeft, findProcesses } from '../../../helpers/leftovers.js';
import { needTool } from '../../../helpers/need.js';
import { describeForEach } from '../../fixtures/each-who.js';

const NAP = `61.${process.pid}`;

/** crun that takes its time once the command runs: it waits until somebody reads the file that it writes then. */
const LATE = `
for word; do
  if [ "$before" = --pid-file ]; then
    mkfifo -m 600 "$word.late"
    ( ( exec </dev/null >/dev/null 2>&1 3>&- 4>&- 9>&-; sleep 0.3; exec cat "$word.late" >"$word" ) & )
    word=$word.late
  fi
  before=$word
  set -- "$@" "$word"
  shift
done
exec crun "$@"`;

/** A program in the lab, by the lines of its shell script. */
async function makeProgram(directory: string, name: string, script: string): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

describeForEach('a program that speaks the command line of OCI runtimes', (lab) => {
  it('is run by its path, or by the name that an operator gave it, with its arguments', async function () {
    needTool(this, 'crun');
    const said = join(lab().directory, 'home', 'words');
    const path = await makeProgram(lab().directory, 'crun-of-ours', `echo "$*" >'${said}'; [ "$1" != --mine ] || shift; exec crun "$@"`);
    assert.equal((await lab().run({ runtime: path, command: ['sh', '-c', 'exit 4'] })).exitCode, 4);
    const globals =
      /^--root \S+ --log \S+ --log-format json --cgroup-manager=disabled run --bundle \S+ --pid-file \S+ bulkhead-[a-z0-9]{12}\n$/;
    assert.match(await readFile(said, 'utf8'), globals);
    const named = await lab().run({ runtime: 'ours', command: ['sh', '-c', 'exit 5'] }, { runtimes: { ours: { path, args: ['--mine'] } } });
    assert.equal(named.exitCode, 5, named.stderr);
    assert.match(await readFile(said, 'utf8'), /^--mine --root /);
    await assertNothingLeft(lab());
  });

  it('that is missing is said before anything is opened', async () => {
    const image = '/no/such/image';
    assert.match((await lab().run({ image, runtime: '/no/such/program' })).stderr, /^RUNTIME_MISSING .*\/no\/such\/program/);
    assert.match((await lab().run({ image, runtime: 'kata' })).stderr, /^RUNTIME_UNKNOWN .*embedded, crun, runc/);
    const { stderr } = await lab().run({ image, runtime: 'ours' }, { runtimes: { ours: { path: '/no/such/program' } } });
    assert.match(stderr, /^RUNTIME_MISSING .*"ours"/);
    assert.match((await lab().run({ image, runtime: '__proto__' })).stderr, /^RUNTIME_UNKNOWN /);
  });

  it('that fails is quoted, without what a terminal would take for a command', async () => {
    const complaint = `{"level":"error","msg":"no \\\\u001b[31mluck"}`;
    const path = await makeProgram(
      lab().directory,
      'crun-luckless',
      `while [ "$1" != --log ]; do shift; done; echo '${complaint}' >"$2"; exit 1`,
    );
    const { exitCode, stderr, events } = await lab().run({ runtime: path });
    assert.equal(exitCode, 255);
    assert.match(stderr, /^RUNTIME_FAILED .*crun-luckless" failed \(no .{0,2}\[31mluck\)/);
    assert.ok(!stderr.includes('\u001b'));
    assert.deepEqual(events, []);
    await assertNothingLeft(lab());
  });

  it('loses nothing of what a command said at its terminal before anybody looked', async function () {
    needTool(this, 'crun');
    needTool(this, 'script');
    const path = await makeProgram(lab().directory, 'crun-late', LATE);
    const command = ['sh', '-c', 'echo first; echo last'];
    const { exitCode, stdout, stderr } = await lab().run({ runtime: path, command, terminal: true });
    // Some script(1) write zeros behind the end of what is typed.
    assert.match(stdout, /first\r\nlast\r\n/, stderr);
    assert.equal(exitCode, 0);
    const running = lab().start({ runtime: path, command: ['sh', '-c', 'echo up; exec sleep 60'] });
    await running.printed('up');
    const further = await lab().startExec(await running.readPid(), command, { terminal: true }).outcome;
    assert.match(further.stdout, /first\r\nlast\r\n/, further.stderr);
    assert.equal(further.exitCode, 0);
    running.child.kill('SIGTERM');
    await running.outcome;
    await assertNothingLeft(lab());
  });

  it('leaves nothing when it, or the shell that waits for it, is killed', async function () {
    needTool(this, 'crun');
    for (const victim of ['crun', 'unshare'] as const) {
      const running = lab().start({ runtime: 'crun', command: ['sh', '-c', `echo up; exec sleep ${NAP}`] });
      await running.printed('up');
      await running.readPid();
      const own = findProcesses(lab()).find((line) => new RegExp(`^\\d+ \\S*${victim} `).test(line));
      assert.ok(own !== undefined, findProcesses(lab()).join('\n'));
      process.kill(Number(own.split(' ')[0]), 'SIGKILL');
      assert.equal((await running.outcome).exitCode, 137);
      await assertNothingLeft({ ...lab(), word: NAP });
    }
  });
});

describe('security options', () => {
  it('are read as Docker’s users write them', () => {
    assert.deepEqual(parseSecurityOptions(), { seccomp: 'default' });
    assert.deepEqual(parseSecurityOptions(['no-new-privileges', 'no-new-privileges:true']), { seccomp: 'default' });
    assert.deepEqual(parseSecurityOptions(['seccomp=/p', 'seccomp=unconfined']), { seccomp: 'unconfined' });
    assert.deepEqual(parseSecurityOptions(['seccomp:/p']), { seccomp: { file: '/p' } });
    for (const typed of ['', 'seccomp', 'label=disable', 'no-new-privileges=0', 'systempaths=unconfined'])
      assert.throws(() => parseSecurityOptions([typed]), { code: 'OPTION_INVALID' });
  });
});
