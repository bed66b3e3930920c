import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { needTool, needUserNamespaces } from '../helpers/need.js';
import { makeRootfs } from '../helpers/rootfs.js';

describe('bulkhead run --runtime', () => {
  let cli: Cli;
  let image: string;
  before(async function () {
    needUserNamespaces(this);
    needTool(this, 'crun');
    cli = await openCli();
    image = await makeRootfs(join(cli.root, 'image'));
    await cli.install(join(repository, 'samples/config-plugin'));
    await cli.install(join(repository, 'samples/log-plugin'));
  });
  after(() => cli?.close());

  it('asks plugins the same with each runtime, and exits with the code of the command', async () => {
    for (const runtime of ['embedded', 'crun']) {
      const flags = ['--debug', '--runtime', runtime, '--security-opt', 'no-new-privileges', '--cap-drop', 'net_raw'];
      const { exitCode, stdout, stderr } = await cli.run('run', ...flags, '--fakeroot', image, 'sh', '-c', 'cat /etc/marker; exit 7');
      assert.deepEqual([exitCode, stdout], [7, 'from the image'], stderr);
      for (const name of ['config-plugin', 'log-plugin']) assert.match(stderr, new RegExp(`example\\.com/${name}: runs in`));
    }
    // Of the containers in the foreground there are records, which go with them.
    const left = await readdir(join(cli.env['BULKHEAD_ROOT'] ?? '', 'run/bulkhead'), { recursive: true }).catch(() => []);
    assert.deepEqual(
      left.filter((name) => name !== 'containers'),
      [],
    );
  });

  it('takes the names of bulkhead.toml, and says what else there is', async () => {
    const file = join(cli.env['BULKHEAD_ROOT'] ?? '', 'usr/local/etc/bulkhead/bulkhead.toml');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, '[runtimes.site]\npath = "/usr/bin/crun"\n', { mode: 0o644 });
    assert.equal((await cli.run('run', '--runtime', 'site', image, 'sh', '-c', 'exit 3')).exitCode, 3);
    const { exitCode, stderr } = await cli.run('run', '--runtime', 'sight', image, 'true');
    assert.equal(exitCode, 255);
    assert.match(stderr, /Cannot run with the runtime "sight": it is none of embedded, crun, runc, site, and not an absolute path/);
  });
});
