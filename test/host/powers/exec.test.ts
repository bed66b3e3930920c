import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PowerInput } from '@bulkhead/plugin-sdk/contract';
import { describeTiers, type TestHost } from '../../helpers/compartment.js';
import { callOf, contextOf, evaluate } from '../../helpers/powers.js';
import { exec } from '../../../src/host/powers/exec.js';

describeTiers('exec', (open) => {
  let scene: TestHost;
  let directory: string;
  beforeEach(async () => {
    scene = await open({ env: { GRANTED: 'yes', SECRET: 'no', PATH: '/caller/bin', LD_PRELOAD: '/x.so' } });
    directory = await mkdtemp(join(tmpdir(), 'bulkhead-exec-'));
  });
  afterEach(async () => {
    await scene.close();
    await rm(directory, { recursive: true, force: true });
  });

  const run = (body: string) => evaluate(scene, body, { exec: ['/bin/sh', '/bin/cat', '/usr/bin/printf'], env: ['GRANTED', 'PATH'] });
  /** Without a compartment. */
  const runHere = (input: Partial<PowerInput<'exec'>>, deadlineMs = 5_000, over?: AbortSignal) =>
    exec({ program: '/bin/sh', args: [], ...input }, contextOf({ exec: ['/bin/sh', '/bin/cat'] }), callOf(over), deadlineMs);

  it('answers with what the program wrote and how it ended', async () => {
    const body = `const r = await host.exec('/bin/sh', ['-c', 'echo out ü; echo err >&2; exit 3']); return JSON.stringify(r)`;
    assert.deepEqual(JSON.parse(await run(body)), { exitCode: 3, stdout: 'out ü\n', stderr: 'err\n' });
    assert.deepEqual(await runHere({ args: ['-c', 'kill -TERM $$'] }), { signal: 'SIGTERM', stdout: '', stderr: '' });
  });

  it('hands on the arguments as they are', async () => {
    const args = ['%s|', '', ' a b ', '$HOME', '`id`', '; id', '*', '--', '-x', '"', "'", '\n', 'ü'];
    assert.equal(await run(`return (await host.exec('/usr/bin/printf', ${JSON.stringify(args)})).stdout`), `${args.slice(1).join('|')}|`);
  });

  it('lets it read what it is given, or nothing', async () => {
    assert.equal(await run(`return (await host.exec('/bin/cat', [], { stdin: 'text ü' })).stdout`), 'text ü');
    assert.equal(await run(`return '[' + (await host.exec('/bin/cat')).stdout + ']'`), '[]');
    assert.equal(await run(`return (await host.exec('/bin/sh', ['-c', 'exit 4'], { stdin: 'x'.repeat(1048576) })).exitCode`), '4');
  });

  it('runs in / with the granted variables, a fixed PATH and LANG', async () => {
    const body = `return (await host.exec('/bin/sh', ['-c', 'pwd; exec /usr/bin/env'])).stdout`;
    const [pwd, ...env] = (await run(body)).trim().split('\n');
    assert.equal(pwd, '/');
    assert.deepEqual(env.filter((line) => !/^(?:PWD|OLDPWD|SHLVL|_)=/.test(line)).toSorted(), [
      'GRANTED=yes',
      'LANG=C',
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    ]);
  });

  it('runs scripts, which know their interpreter', async () => {
    const script = join(directory, 'script');
    await writeFile(script, '#!/bin/sh\necho "script $1"\n', { mode: 0o755 });
    const body = `return (await host.exec('${script}', ['one'])).stdout`;
    assert.equal(await evaluate(scene, body, { exec: [script] }), 'script one\n');
  });

  it('takes 256 arguments and 128 KiB of them, 1 MiB to read, and no more', async () => {
    assert.equal(await run(`return (await host.exec('/bin/sh', ['-c', 'echo $#', ...Array(254).fill('')])).stdout`), '253\n');
    assert.equal(await run(`return await host.exec('/bin/sh', Array(257).fill('')).catch(tell)`), 'POWER_BAD_ARGUMENT');
    assert.equal(await run(`return (await host.exec('/bin/sh', ['-c', 'exit 5', 'x'.repeat(131061)])).exitCode`), '5');
    assert.equal(await run(`return await host.exec('/bin/sh', ['-c', 'exit 5', 'x'.repeat(131062)]).catch(tell)`), 'POWER_BAD_ARGUMENT');
    assert.equal(await run(`return (await host.exec('/bin/cat', [], { stdin: 'x'.repeat(1048576) })).stdout.length`), '1048576');
    assert.equal(
      await run(`return await host.exec('/bin/cat', [], { stdin: 'x' + 'ü'.repeat(524288) }).catch(tell)`),
      'POWER_BAD_ARGUMENT',
    );
  });

  it('ends what writes 1 MiB and a byte, to whichever stream', async () => {
    const write = (bytes: number, to: string) => ['-c', `head -c ${bytes} /dev/zero ${to}; sleep 30`];
    await assert.rejects(runHere({ args: write(1_048_577, '') }), /more than 1048576 bytes to stdout/);
    await assert.rejects(runHere({ args: write(1_048_577, '>&2') }), /more than 1048576 bytes to stderr/);
    assert.equal((await runHere({ args: ['-c', 'head -c 1048576 /dev/zero'] })).stdout.length, 1_048_576);
  });

  it('ends what is late, with all that it has started', async () => {
    const file = join(directory, 'pids');
    const late = runHere({ args: ['-c', `sleep 60 & echo $! $$ > ${file}; trap '' TERM INT HUP; wait; sleep 60`] }, 300);
    await assert.rejects(late, /not done within 300 ms/);
    await untilGone(await readFile(file, 'utf8'));
  });

  it('leaves nothing in the background when it ends by itself', async () => {
    const { stdout, exitCode } = await runHere({ args: ['-c', 'sleep 60 & echo $!'] });
    assert.equal(exitCode, 0);
    await untilGone(stdout);
  });

  it('does not wait for ever for one who left the group with its streams', async () => {
    await assert.rejects(runHere({ args: ['-c', 'setsid sleep 3 & sleep 0.2; exit 0'] }, 500), /not done within 500 ms/);
  });

  it('ends with the call in whose name it was asked', async () => {
    const file = join(directory, 'pid');
    await run(`void host.exec('/bin/sh', ['-c', 'echo $$ > ${file}; sleep 60']).catch(() => undefined);
      for (;;) { const { stdout } = await host.exec('/bin/sh', ['-c', 'cat ${file} 2>&1 || :']); if (/^\\d+\\n$/.test(stdout)) break }`);
    await untilGone(await readFile(file, 'utf8'));
  });

  it('runs eight at once and refuses the ninth', async () => {
    const body = (count: number) =>
      `return (await Promise.all(Array.from({ length: ${count} }, () => host.exec('/bin/sh', ['-c', 'sleep 0.5']).then(() => 'ran', tell)))).sort().join()`;
    assert.equal(await run(body(8)), Array(8).fill('ran').join());
    assert.match(await run(body(9)), /^POWER_TOO_MANY(?:,ran){8}$/);
  });

  it('says what a program that is not there, or is none, has wrong', async () => {
    const tell = (program: string) => exec({ program, args: [] }, contextOf({ exec: [program] }), callOf()).then(undefined, String);
    await writeFile(join(directory, 'plain'), 'x', { mode: 0o644 });
    assert.match(String(await tell(join(directory, 'missing'))), /missing: ENOENT$/);
    assert.match(String(await tell(join(directory, 'plain'))), /plain: EACCES$/);
    assert.match(String(await tell(directory)), /not a regular file$/);
  });
});

/** Waits until none of these processes runs; a zombie has ended. */
async function untilGone(pids: string): Promise<void> {
  const all = pids.trim().split(/\s+/);
  assert.ok(all.length > 0 && all.every((pid) => /^\d+$/.test(pid)), pids);
  for (const pid of all) {
    for (let tries = 0; await isRunning(pid); tries += 1) {
      assert.ok(tries < 200, `${pid} still runs`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

async function isRunning(pid: string): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return status !== '' && !/\) Z /.test(status);
}
