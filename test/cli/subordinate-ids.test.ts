import assert from 'node:assert/strict';
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openBackground, type Background } from '../helpers/background.js';
import { repository } from '../helpers/cli.js';
import { needOrdinaryUser, needSubordinateIds, needTool } from '../helpers/need.js';
import { makeBusyboxRootfs } from '../helpers/rootfs.js';
import { RUNTIMES } from '../helpers/runtimes.js';

describe('the subordinate ids of an ordinary user', () => {
  let cli: Background;
  let image: string;
  beforeEach(async function () {
    needOrdinaryUser(this);
    needTool(this, 'newuidmap');
    needTool(this, 'busybox');
    needSubordinateIds(this);
    cli = await openBackground(this);
    image = await makeBusyboxRootfs(join(cli.root, 'busybox'));
  });
  afterEach(() => cli?.close());

  const map = (text: string): string[] => text.split('\n').map((line) => line.trim().split(/\s+/).join(' '));

  for (const [runtime, program] of Object.entries(RUNTIMES)) {
    it(`are other users inside with --fakeroot, with ${runtime}`, async function () {
      if (program !== undefined) needTool(this, program);
      const script =
        'cat /proc/self/uid_map; touch /tmp/f; chown 12:34 /tmp/f; stat -c %u:%g /tmp/f; id -u; su -s /bin/sh -c "id -u" other';
      const passwd = 'echo "root:x:0:0::/:/bin/sh" >/etc/passwd; echo "other:x:5:5::/:/bin/sh" >>/etc/passwd; ';
      const { stdout, stderr } = await cli.run('run', '--fakeroot', '--runtime', runtime, image, 'sh', '-c', passwd + script);
      const [root, others, ...lines] = map(stdout);
      assert.equal(root, `0 ${process.getuid?.()} 1`, stderr);
      assert.match(others ?? '', /^1 \d+ \d+$/);
      assert.deepEqual(lines.slice(-3), ['12:34', '0', '5'], stderr);
    });
  }

  it('own what a container keeps, which goes with it all the same', async () => {
    const script = 'mkdir -p /srv/d; touch /srv/d/f; chown -R 5:6 /srv/d; chmod 700 /srv/d';
    assert.equal((await cli.run('run', '--name', 'kept', '--fakeroot', image, 'sh', '-c', script)).exitCode, 0);
    const path = (await cli.find('kept'))?.place.path ?? assert.fail('it is not kept');
    const made = await lstat(join(path, 'writable/upper/srv/d'));
    assert.notEqual(made.uid, process.getuid?.());
    await assert.rejects(readdir(join(path, 'writable/upper/srv/d')), { code: 'EACCES' });
    const removed = await cli.run('remove', 'kept');
    assert.equal(removed.exitCode, 0, removed.stderr);
    assert.equal(existsSync(path), false);
    assert.deepEqual(
      (await readdir(cli.roots.kept)).filter((name) => name !== 'names'),
      [],
    );
  });

  it('are left out where they may not be mapped: root is alone then, and --debug says why', async () => {
    const [program = '', ...words] = [
      'setpriv',
      '--no-new-privs',
      process.execPath,
      join(repository, 'bin/run.js'),
      'run',
      '--debug',
      '--fakeroot',
      image,
      'cat',
      '/proc/self/uid_map',
    ];
    const { stdout, stderr, exitCode } = await execa(program, words, { env: cli.env, extendEnv: false, reject: false, stdin: 'ignore' });
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(map(stdout), [`0 ${process.getuid?.()} 1`]);
    assert.match(stderr, /Root is the only user inside: .*newuidmap/);
  });
});
