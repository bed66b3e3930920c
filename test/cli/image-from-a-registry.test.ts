/** An image of umoci, pushed by skopeo to Debian's docker-registry, is what comes of it here. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { openCli, type Cli } from '../helpers/cli.js';
import { assertNothingLeft } from '../helpers/leftovers.js';
import { needTool, needUserNamespaces } from '../helpers/need.js';
import { makeBusyboxRootfs } from '../helpers/rootfs.js';
import { openDockerRegistry, pushImage, type DockerRegistry } from '../images/registry/fixtures/docker-registry.js';

describe("bulkhead image pull from Debian's docker-registry", () => {
  let cli: Cli;
  let registry: DockerRegistry | undefined;
  const nameOf = (image: string): string => `docker://${registry?.host}/lib/${image}`;
  before(async function () {
    for (const tool of ['docker-registry', 'umoci', 'skopeo', 'busybox']) needTool(this, tool);
    cli = await openCli();
    registry = await openDockerRegistry(cli.root);
  });
  after(async () => {
    await registry?.close();
    await cli?.close();
  });

  it('brings what skopeo sees there', async () => {
    const root = await makeBusyboxRootfs(join(cli.root, 'rootfs'));
    const config = ['--config.cmd', '/bin/sh', '--config.env', 'MODE=test', '--config.env', 'PATH=/bin'];
    const name = nameOf('made:1.0');
    const digest = await pushImage(cli.root, name, { root, config });
    const pulled = await cli.run('image', 'pull', '--json', name);
    assert.equal(pulled.exitCode, 0, pulled.stderr);
    const { image } = JSON.parse(pulled.stdout) as { image: { name: string; digest: string } };
    assert.deepEqual([image.name, image.digest], [name, digest]);
    const { stdout } = await cli.run('image', 'inspect', name);
    assert.match(stdout, /^Command: \/bin\/sh$/m);
    assert.match(stdout, /^ {2}MODE=test$/m);
    const byDigest = await cli.run('image', 'pull', '--json', nameOf(`made@${digest}`));
    assert.equal((JSON.parse(byDigest.stdout) as { receivedBytes: number }).receivedBytes, 0);
  });

  it('is pulled by a run, once, or as --pull says', async function () {
    needUserNamespaces(this);
    const name = nameOf('made:1.0');
    await cli.run('image', 'remove', name);
    const never = await cli.run('run', '--pull', 'never', name, 'cat', '/etc/marker');
    assert.match(never.stderr, /Cannot find image docker:/);
    const first = await cli.run('run', name, 'sh', '-c', 'cat /etc/marker; echo $MODE; exit 7');
    assert.deepEqual([first.exitCode, first.stdout], [7, 'from the image\ntest'], first.stderr);
    assert.match(first.stderr, /^Pulling 127/);
    const second = await cli.run('run', name, 'cat', '/etc/marker');
    assert.deepEqual([second.exitCode, second.stdout, second.stderr], [0, 'from the image', '']);
    const always = await cli.run('run', '--pull', 'always', '--quiet', name, 'cat', '/etc/marker');
    assert.deepEqual([always.exitCode, always.stdout, always.stderr], [0, 'from the image', '']);
  });

  for (const runtime of ['embedded', 'crun', 'runc']) {
    it(`runs by ${runtime} as by any other, and leaves nothing`, async function () {
      needUserNamespaces(this);
      if (runtime !== 'embedded') needTool(this, runtime);
      const isRoot = process.getuid?.() === 0;
      const word = `60.${process.pid}`;
      // runc cannot do without uid 0 inside.
      const flags = ['--quiet', '--runtime', runtime, ...(isRoot ? [] : ['--fakeroot'])];
      const script = `cat /etc/marker; echo $MODE $(id -u) $0; echo said >&2; touch /new /etc/new; sleep ${word} & exit 7`;
      const { exitCode, stdout, stderr } = await cli.run('run', ...flags, nameOf('made:1.0'), 'sh', '-c', script, 'zero');
      assert.deepEqual([exitCode, stdout, stderr], [7, 'from the image\ntest 0 zero', 'said']);
      const runDirectory = isRoot
        ? join(cli.env['BULKHEAD_ROOT'] ?? '', 'run/bulkhead')
        : join(cli.env['XDG_RUNTIME_DIR'] ?? '', 'bulkhead');
      await assertNothingLeft({ directory: runDirectory, runDirectory, word });
      const { stdout: all } = await cli.run('list', '--all', '--json');
      assert.deepEqual((JSON.parse(all) as { containers: unknown[] }).containers, []);
    });
  }

  it('is the same from the layout that was pushed', async () => {
    const { stdout, stderr } = await cli.run('image', 'pull', '--json', `oci:${join(cli.root, 'layout')}:made`);
    const { image } = JSON.parse(stdout) as { image: { name: string; platform: { os: string } } };
    assert.equal(image.platform.os, 'linux', stderr);
    assert.equal((await cli.run('image', 'inspect', image.name)).exitCode, 0);
  });

  it('says that there is no such tag', async () => {
    const { stderr } = await cli.run('image', 'pull', nameOf('made:none'));
    assert.match(stderr, /has no such image or tag \(it says: manifest unknown\)/);
  });
});
