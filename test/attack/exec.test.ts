/** Programs that are not what they seem, and arguments that would like to be more, for the power `exec`; with benign twins that work. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, chown, copyFile, lchown, mkdtemp, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Permissions } from '@bulkhead/plugin-sdk/contract';
import { exec as execPower } from '../../src/host/powers/exec.js';
import { describeTiers, type TestHost } from '../helpers/compartment.js';
import { needRoot } from '../helpers/need.js';
import { callOf, contextOf, evaluate } from '../helpers/powers.js';
import { snapshotRealm, type RealmSnapshot } from './realm.js';

const refused = 'POWER_NOT_GRANTED';
const failed = 'POWER_EXEC_FAILED';

describeTiers('a plugin that looks for a way around its programs', (open) => {
  let scene: TestHost;
  let base: string;
  let program: string;
  let before: RealmSnapshot;
  beforeEach(async () => {
    scene = await open({ env: { LD_PRELOAD: '/x.so', NODE_OPTIONS: '--require /x.js', BASH_ENV: '/x', ENV: '/x', IFS: 'x' } });
    base = await realpath(await mkdtemp(join(tmpdir(), 'bulkhead-programs-')));
    program = join(base, 'program');
    await makeScript(program, 'honest');
    before = snapshotRealm();
  });
  afterEach(async () => {
    await scene.close();
    await rm(base, { recursive: true, force: true });
    assert.deepEqual(snapshotRealm(), before);
  });

  /** Runs it as a plugin would: what it wrote, or the code of the refusal. */
  const run = (name: string, args: readonly unknown[] = [], grants: Permissions = { exec: [program] }) =>
    evaluate(scene, `return await host.exec(${JSON.stringify(name)}, ${JSON.stringify(args)}).then((r) => r.stdout.trim(), tell)`, grants);

  describe('by names that are nearly granted', () => {
    for (const [title, name, expected] of [
      ['another program', '/bin/sh', refused],
      ['a name without its place, by PATH', 'program', 'POWER_BAD_ARGUMENT'],
      ['dots', '/bin/../bin/sh', 'POWER_BAD_ARGUMENT'],
      ['an empty name', '', 'POWER_BAD_ARGUMENT'],
      ['arguments in the name', '/bin/sh -c id', refused],
      ['NUL in the name', '/bin/sh\0', 'POWER_BAD_ARGUMENT'],
      ['the directory', '/bin', refused],
      ['/proc/self/exe', '/proc/self/exe', refused],
    ] as const) {
      it(`does not run ${title}`, async () => assert.equal(await run(name), expected));
    }
    it('does not run what lies below a granted directory: a grant names a program', async () => {
      assert.equal(await run(program, [], { exec: [base] }), refused);
      assert.equal(await run(base, [], { exec: [base] }), failed);
    });
    it('does not run what may only be read', async () => assert.equal(await run(program, [], { readFile: [base] }), refused));
    it('may run what was granted', async () => assert.equal(await run(program), 'honest'));
  });

  describe('by arguments', () => {
    for (const [title, argument] of [
      ['a command', '; id'],
      ['a substitution', '$(id)'],
      ['backticks', '`id`'],
      ['a pipe', '| id'],
      ['a variable', '$PATH'],
      ['a pattern', '/etc/*'],
      ['a redirection', '> /tmp/x'],
      ['a line break', 'a\nid'],
      ['a quote', '" \' \\'],
    ] as const) {
      it(`gives the program ${title} as it is, and nobody else`, async () => {
        assert.equal(await run('/usr/bin/printf', ['%s', argument], { exec: ['/usr/bin/printf'] }), argument.trim());
      });
    }
    for (const [title, args] of [
      ['NUL', ['a\0b']],
      ['a number', [1]],
      ['a list in the list', [['a']]],
      ['null', [null]],
      ['a text instead of a list', '-c id'],
      ['a number instead of a list', 42],
      ['an object that looks like a list', { length: 1, 0: 'a' }],
    ] as const) {
      it(`does not take ${title}`, async () => {
        const body = `return await host.exec('${program}', ${JSON.stringify(args)}).then((r) => r.stdout.trim(), (e) => e.code ?? e.name)`;
        assert.match(await evaluate(scene, body, { exec: [program] }), /^(?:POWER_BAD_ARGUMENT|TypeError)$/);
      });
    }
    it('cannot choose shell, user, directory or environment: there are no such options', async () => {
      const options = `{ shell: true, uid: 0, cwd: '/tmp', env: { LD_PRELOAD: '/x.so' }, argv0: 'x', detached: false, stdio: 'inherit' }`;
      const body = `return (await host.exec('/bin/sh', ['-c', 'pwd; echo $0; /usr/bin/env'], ${options})).stdout`;
      const lines = (await evaluate(scene, body, { exec: ['/bin/sh'] })).trim().split('\n');
      assert.deepEqual(lines.slice(0, 2), ['/', '/bin/sh']);
      assert.doesNotMatch(lines.join('\n'), /LD_PRELOAD|NODE_OPTIONS|BASH_ENV|^ENV=|^IFS=/m);
    });
  });

  describe('by what stands at a granted name', () => {
    it('does not run what is setuid or setgid, and may run the same without', async () => {
      for (const mode of [0o4755, 0o2755, 0o6755]) {
        await chmod(program, mode);
        assert.equal(await run(program), failed);
      }
      await chmod(program, 0o755);
      assert.equal(await run(program), 'honest');
    });
    it('does not run what others may write to', async () => {
      for (const mode of [0o757, 0o775, 0o777]) {
        await chmod(program, mode);
        assert.equal(await run(program), failed);
      }
    });
    it('does not run what belongs to somebody else', async function () {
      needRoot(this);
      await chown(program, 12345, 12345);
      assert.equal(await run(program), failed);
    });
    it('does not follow a granted link of somebody else, and may follow one of the caller or root', async function () {
      needRoot(this);
      const linked = join(base, 'linked');
      await symlink('program', linked);
      assert.equal(await run(linked, [], { exec: [linked] }), 'honest');
      await lchown(linked, 12345, 12345);
      assert.equal(await run(linked, [], { exec: [linked] }), refused);
    });
    it('does not run what the plugin itself may write, directly or through a link', async () => {
      assert.equal(await run(program, [], { exec: [program], writeFile: [program] }), failed);
      assert.equal(await run(program, [], { exec: [program], writeFile: [base] }), failed);
      const linked = join(base, 'linked');
      await symlink(base, linked);
      assert.equal(await run(program, [], { exec: [program], writeFile: [linked] }), failed);
    });
    it('may run what lies beside what it may write', async () => {
      assert.equal(await run(program, [], { exec: [program], writeFile: [join(base, 'program.conf')] }), 'honest');
    });

    it('runs what it has judged, when somebody swaps the name meanwhile', async () => {
      const honest = join(base, 'honest');
      const evil = join(base, 'evil');
      await makeScript(honest, 'honest');
      // What must never run: it is setuid, so that it is refused wherever it is noticed.
      await makeScript(evil, 'evil', 0o4755);
      let isDone = false;
      const swap = (async () => {
        while (!isDone) {
          for (const file of [evil, honest]) {
            await copyFile(file, `${file}.copy`);
            await chmod(`${file}.copy`, file === evil ? 0o4755 : 0o755);
            await rename(`${file}.copy`, program);
          }
        }
      })();
      const seen = new Map<string, number>();
      for (let index = 0; index < 200; index += 1) {
        const answer = await execPower({ program, args: [] }, contextOf({ exec: [program] }), callOf()).then(
          ({ stdout }) => stdout.trim(),
          (error: { code: string }) => error.code,
        );
        seen.set(answer, (seen.get(answer) ?? 0) + 1);
      }
      isDone = true;
      await swap;
      assert.equal(seen.has('evil'), false, [...seen].join('; '));
      assert.ok((seen.get('honest') ?? 0) > 0 && (seen.get(failed) ?? 0) > 0, [...seen].join('; '));
    });
  });

  describe('by what outlives the host', () => {
    for (const [title, signal] of [
      ['a Ctrl-C', 'SIGINT'],
      ['a polite end', 'SIGTERM'],
      ['a terminal that goes away', 'SIGHUP'],
    ] as const) {
      it(`leaves no program behind after ${title}`, async () => {
        const file = join(base, 'pid');
        const child = spawn(process.execPath, ['--import=tsx', '--conditions=bulkhead-source', runner, file], { stdio: 'ignore' });
        const ended = new Promise((resolve) => child.once('exit', (_code, by) => resolve(by)));
        let pid = '';
        while (!/^\d+\n$/.test(pid)) {
          assert.equal(child.exitCode, null);
          await new Promise((resolve) => setTimeout(resolve, 20));
          pid = await readFile(file, 'utf8').catch(() => '');
        }
        child.kill(signal);
        assert.equal(await ended, signal);
        for (let tries = 0; await isRunning(pid.trim()); tries += 1) {
          assert.ok(tries < 200, `${pid} still runs`);
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      });
    }
  });
});

const runner = fileURLToPath(new URL('exec-runner.ts', import.meta.url));

async function makeScript(file: string, word: string, mode = 0o755): Promise<void> {
  await writeFile(file, `#!/bin/sh\necho ${word}\n`);
  await chmod(file, mode);
}

async function isRunning(pid: string): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return status !== '' && !/\) Z /.test(status);
}
