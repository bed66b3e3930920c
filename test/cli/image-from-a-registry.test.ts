/** An image of umoci, pushed by skopeo to Debian's docker-registry, is what comes of it here. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { openCli, type Cli } from '../helpers/cli.js';
import { needTool } from '../helpers/need.js';
import { openDockerRegistry, pushImage, type DockerRegistry } from '../images/registry/fixtures/docker-registry.js';

describe("bulkhead image pull from Debian's docker-registry", () => {
  let cli: Cli;
  let registry: DockerRegistry | undefined;
  before(async function () {
    for (const tool of ['docker-registry', 'umoci', 'skopeo']) needTool(this, tool);
    cli = await openCli();
    registry = await openDockerRegistry(cli.root);
  });
  after(async () => {
    await registry?.close();
    await cli?.close();
  });

  it('brings what skopeo sees there', async () => {
    const root = join(cli.root, 'rootfs');
    await mkdir(join(root, 'etc'), { recursive: true });
    await writeFile(join(root, 'etc/marker'), 'from the registry\n');
    const name = `docker://${registry?.host}/lib/made:1.0`;
    const digest = await pushImage(cli.root, name, { root, config: ['--config.cmd', '/bin/sh', '--config.env', 'MODE=test'] });
    const pulled = await cli.run('image', 'pull', '--json', name);
    assert.equal(pulled.exitCode, 0, pulled.stderr);
    const { image } = JSON.parse(pulled.stdout) as { image: { name: string; digest: string } };
    assert.deepEqual([image.name, image.digest], [name, digest]);
    const { stdout } = await cli.run('image', 'inspect', name);
    assert.match(stdout, /^Command: \/bin\/sh$/m);
    assert.match(stdout, /^ {2}MODE=test$/m);
    const byDigest = await cli.run('image', 'pull', '--json', `docker://${registry?.host}/lib/made@${digest}`);
    assert.equal((JSON.parse(byDigest.stdout) as { receivedBytes: number }).receivedBytes, 0);
  });

  it('says that there is no such tag', async () => {
    const { stderr } = await cli.run('image', 'pull', `docker://${registry?.host}/lib/made:none`);
    assert.match(stderr, /has no such image or tag \(it says: manifest unknown\)/);
  });
});
