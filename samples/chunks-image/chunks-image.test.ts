import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { openCli, type Cli } from '../../test/helpers/cli.js';
import { needTool, needUserNamespaces } from '../../test/helpers/need.js';
import { makeRootfs } from '../../test/helpers/rootfs.js';

const directory = import.meta.dirname;
const chunkBytes = 1_048_576;

describe('chunks-image in a compartment', () => {
  it('refuses what is no name', async () => {
    const plugin = await openTestPlugin(directory);
    try {
      assert.deepEqual(plugin.description.imageSchemes, ['chunks']);
      await assert.rejects(plugin.call('registerImageDriver', { scheme: 'chunks', reference: '../x' }), /takes a name, and got "\.\.\/x"/);
    } finally {
      await plugin.close();
    }
  });
});

describe('chunks-image and a container', () => {
  for (const isolation of ['thread', 'process']) {
    it(`brings an image in pieces over HTTP, unpacked for this run alone (isolation: ${isolation})`, async function () {
      for (const tool of ['tar', 'ldd']) needTool(this, tool);
      needUserNamespaces(this);
      const cli = await openCli();
      const archive = await makeArchive(cli);
      const asked: string[] = [];
      const server = createServer((request, response) => {
        const [, , part = ''] = (request.url ?? '').split('/');
        asked.push(part);
        const from = Number(part) * chunkBytes;
        response.end(part === 'index.json' ? JSON.stringify({ sizeBytes: archive.length }) : archive.subarray(from, from + chunkBytes));
      });
      try {
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        await installFor(cli, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, isolation);
        const { exitCode, stdout, stderr } = await cli.run('run', 'chunks:debian', '/bin/sh', '-c', 'cat /etc/link; touch /new && ls /new');
        assert.equal(exitCode, 0, stderr);
        assert.equal(stdout, 'from the image\n/new');
        const chunks = Array.from({ length: Math.ceil(archive.length / chunkBytes) }, (_, index) => String(index));
        assert.ok(chunks.length > 1);
        assert.deepEqual(asked, ['index.json', ...chunks]);
        assert.deepEqual(await findImages(cli), []);
      } finally {
        server.close();
        await cli.close();
      }
    });
  }
});

/** With some noise, so that it takes more than one piece. */
async function makeArchive(cli: Cli): Promise<Buffer> {
  const rootfs = await makeRootfs(join(cli.root, 'rootfs'));
  const noise = Buffer.alloc(2 * chunkBytes);
  for (let at = 0; at < noise.length; at += 4) noise.writeInt32LE(Math.imul(at + 1, 0x9e3779b1) ^ (Math.random() * 2 ** 31), at);
  await writeFile(join(rootfs, 'noise'), noise);
  execFileSync('tar', ['-czf', join(cli.root, 'image.tar.gz'), '-C', rootfs, '.']);
  return readFile(join(cli.root, 'image.tar.gz'));
}

/** The sample as the README says: with the server in it changed. */
async function installFor(cli: Cli, server: string, isolation: string): Promise<void> {
  const source = await readFile(join(directory, 'plugin.ts'), 'utf8');
  const own = join(cli.root, 'chunks');
  await mkdir(own);
  await writeFile(
    join(own, 'plugin.ts'),
    source.replace("'https://images.example.com'", `'${server}'`).replace("['images.example.com']", `['${server}']`),
  );
  await cli.install(own, '--isolation', isolation);
}

async function findImages(cli: Cli): Promise<string[]> {
  const state = process.getuid?.() === 0 ? join(cli.env['BULKHEAD_ROOT'] ?? '', 'var/lib') : join(cli.env['HOME'] ?? '', '.local/state');
  return readdir(join(state, 'bulkhead/images'));
}
