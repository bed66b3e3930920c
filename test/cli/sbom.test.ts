import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packPlugin, readPackage } from '#package/package.js';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { toBytes } from '../sif/builder.js';

const name = 'example.com/cli-plugin';

describe('what was bundled', function () {
  let cli: Cli;
  let file: string;
  beforeEach(async () => {
    cli = await openCli();
    file = await cli.compile(join(repository, 'samples/cli-plugin'));
  });
  afterEach(() => cli.close());

  it('is told by inspect, of a file and of an installed plugin, in short and as CycloneDX', async () => {
    const directory = join(cli.root, 'with-packages');
    const packages = join(directory, 'node_modules/left-pad');
    await mkdir(packages, { recursive: true });
    await writeFile(
      join(packages, 'package.json'),
      JSON.stringify({ name: 'left-pad', version: '1.3.0', license: 'WTFPL', main: 'index.js' }),
    );
    await writeFile(join(packages, 'index.js'), 'exports.pad = (text) => String(text).padStart(8);');
    await writeFile(
      join(directory, 'plugin.ts'),
      `import { definePlugin } from '@bulkhead/plugin-sdk'; import { pad } from 'left-pad';
export default definePlugin({ name: '${name}', version: '1.0.0', author: 'a', description: 'd', permissions: { config: ['env'] },
  callbacks: { engineConfig() { return { env: { A: pad('a') } }; } } });`,
    );
    const other = await cli.compile(directory);
    assert.equal((await cli.run('plugin', 'install', '--grant-all', other)).exitCode, 0);
    for (const what of [other, name]) {
      assert.match((await cli.run('plugin', 'inspect', what)).stdout, /^Bundles: left-pad 1\.3\.0 \(WTFPL\)$/m);
      const { exitCode, stdout } = await cli.run('plugin', 'inspect', '--sbom', what);
      assert.equal(exitCode, 0);
      const sbom = JSON.parse(stdout) as { bomFormat: string; components: { purl: string }[] };
      const purls = ['pkg:npm/%40bulkhead/plugin-sdk@0.1.0', 'pkg:npm/left-pad@1.3.0'];
      assert.deepEqual([sbom.bomFormat, sbom.components.map(({ purl }) => purl)], ['CycloneDX', purls]);
      assert.deepEqual(JSON.parse((await cli.run('plugin', 'inspect', '--sbom', '--json', what)).stdout), sbom);
    }
  });

  it('harms nobody where it is hostile: the plugin installs and runs, and inspect says what is wrong', async () => {
    const { manifest, script } = readPackage(await readFile(file), 'a.sif');
    const hostile = JSON.stringify({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      components: [{ type: 'library', name: 'a\nName: b\u001b[2J' }],
    });
    for (const sbom of [hostile, '['.repeat(100_000), ' '.repeat(5 * 1_048_576)]) {
      await writeFile(file, packPlugin({ manifest, script, sbom: toBytes(sbom) }));
      await cli.run('plugin', 'uninstall', name);
      assert.equal((await cli.run('plugin', 'install', file)).exitCode, 0);
      assert.match((await cli.run('test-cmd', 'a')).stdout, /printing args: \[a\]/);
      const { exitCode, stdout, stderr } = await cli.run('plugin', 'inspect', name);
      assert.equal(exitCode, 0);
      assert.match(stderr, /^INFO: {4}the SBOM of .* cannot be read: .{1,300}$/);
      assert.equal(stdout.match(/^Name: /gm)?.length, 1);
      const refused = await cli.run('plugin', 'inspect', '--sbom', name);
      assert.equal(refused.exitCode, 255);
      assert.match(refused.stderr, /the SBOM of .* cannot be read/);
    }
  });

  it('is said to be missing where there is no SBOM', async () => {
    const { manifest, script } = readPackage(await readFile(file), 'a.sif');
    await writeFile(file, packPlugin({ manifest, script }));
    const { exitCode, stderr } = await cli.run('plugin', 'inspect', '--sbom', file);
    assert.equal(exitCode, 255);
    assert.match(stderr, /does not say what was bundled: it has no SBOM/);
    assert.doesNotMatch((await cli.run('plugin', 'inspect', file)).stdout, /Bundles/);
  });
});
