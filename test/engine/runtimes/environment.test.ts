import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { quoteWord, sortEnvironment } from '#engine/runtimes/environment.js';
import { describeForEach } from '../fixtures/each-who.js';

/** What a shell adds of its own. */
const ADDED = /^(?:_|SHLVL|PWD|OLDPWD)=/;

describeForEach('the environment of the command', (lab, who) => {
  const readEnvironment = async (env: string[]): Promise<string[]> => {
    const { stdout, stderr, exitCode } = await lab().run({ command: ['env', '-0'], env });
    assert.equal(exitCode, 0, stderr);
    return stdout.split('\0').filter(Boolean).toSorted();
  };
  const defaults = (): string[] => [
    `HOME=${who === 'root' ? '/root' : join(lab().directory, 'home')}`,
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ];

  it('is a few defaults and nothing of the caller’s', async () => {
    assert.deepEqual(await readEnvironment([]), defaults());
  });

  it('has every value as it was given, whatever is in it', async () => {
    const values = [
      `Q=it's "q" $HOME \`x\` \\ %s`,
      'NEWLINE=a\nb\n',
      'UTF=ā–\u{1f6a2}\u0001\u007f',
      'EMPTY=',
      'EQUALS=a=b',
      'word=w',
      'code=c',
    ];
    assert.deepEqual(await readEnvironment(values), [...defaults(), ...values].toSorted());
  });

  it('has names that mean something to shells', async () => {
    const values = [
      'UID=5',
      'EUID=6',
      'PPID=7',
      'IFS=x',
      'PWD=/p',
      'OLDPWD=/o',
      '_=u',
      'OPTIND=abc',
      'SHELLOPTS=xtrace',
      'BASHOPTS=x',
      'PS4=$(id)',
      'ENV=/e',
      'BASH_ENV=/b',
      'SHLVL=9',
      'RANDOM=1',
      'LINENO=2',
    ];
    assert.deepEqual(await readEnvironment(values), [...defaults(), ...values].toSorted());
  });

  it('has names that steer the dynamic linker, which no program of the host obeyed', async () => {
    const preload = join(lab().directory, 'no-such-library.so');
    const { stdout, stderr } = await lab().run({
      command: ['env', '-0'],
      env: [`LD_PRELOAD=${preload}`, 'GLIBC_TUNABLES=glibc.malloc.check=1'],
    });
    const added = stdout.split('\0').filter((entry) => entry !== '' && !ADDED.test(entry));
    assert.deepEqual(added.toSorted(), [...defaults(), 'GLIBC_TUNABLES=glibc.malloc.check=1', `LD_PRELOAD=${preload}`].toSorted());
    // The linker complains once for each program that it loads: only env(1), in the image, was told.
    assert.equal(stderr.split(preload).length - 1, 1, stderr);
  });

  it('cannot have such names where the image has no shell, nor together with a shell’s own', async () => {
    const bare = join(lab().directory, 'bare');
    await mkdir(bare, { recursive: true });
    const refused = await lab().run({ image: bare, env: ['LD_PRELOAD=x'], command: ['/usr/bin/true'] });
    assert.match(refused.stderr, /^ENV_NEEDS_SHELL /);
    assert.match((await lab().run({ env: ['LD_PRELOAD=x', 'UID=1'] })).stderr, /^ENV_CONFLICT /);
  });

  it('finds the command by the PATH that was asked for', async () => {
    assert.equal((await lab().run({ env: ['PATH=/nowhere'], command: ['true'] })).exitCode, 127);
  });

  it('stands on no command line, and in no file that others may read', async () => {
    const secret = 'a-value-that-nobody-else-has';
    const running = lab().start({
      env: [`SECRET=${secret}`],
      command: ['sh', '-c', 'for c in /proc/[0-9]*/cmdline; do tr "\\0" " " <"$c"; done; echo up; sleep 60'],
    });
    await running.printed('up');
    const pid = await running.readPid();
    for (let ancestor = pid; ancestor !== running.child.pid && ancestor > 1; ancestor = await readParent(ancestor)) {
      assert.ok(!(await readFile(`/proc/${ancestor}/cmdline`, 'utf8')).includes(secret));
    }
    running.child.kill('SIGTERM');
    assert.ok(!(await running.outcome).stdout.includes(secret));
  });
});

async function readParent(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

describe('sorting the environment', () => {
  const kinds = (env: Record<string, string>): string[][] => {
    const { plain, linker, shell } = sortEnvironment(env);
    return [plain, linker, shell].map((names) => [...names.keys()]);
  };

  it('keeps from the host’s programs what steers them', () => {
    assert.deepEqual(kinds({ LD_AUDIT: '', GCONV_PATH: '', LOCPATH: '', MALLOC_PERTURB_: '', LANGUAGE: '../../home/eve' })[1]?.length, 5);
  });

  it('lets ordinary names pass that only look alike', () => {
    assert.deepEqual(kinds({ LDFLAGS: '', MAIL_PASSWORD: '', UIDS: '', LANG: 'C', LANGUAGE: 'de:en', MY_LD_PRELOAD: '' })[0]?.length, 6);
  });

  it('quotes a word so that a shell reads it back', () => {
    assert.equal(quoteWord("it's"), `'it'\\''s'`);
  });
});
