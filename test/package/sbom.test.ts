import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { buildPlugin, listBundled, parseSbom, readPackage, type Sbom } from '#package/package.js';
import { encodeSbom } from '../../src/package/sbom.js';
import { readSif } from '#sif/sif.js';
import { toBytes } from '../sif/builder.js';
import { buildManifest, buildPackage } from './builder.js';

/** The rules of CycloneDX 1.6 for the parts that Bulkhead writes; nothing else may be there. */
const component = {
  type: v.picklist(['application', 'library']),
  'bom-ref': v.pipe(v.string(), v.minLength(1)),
  group: v.optional(v.string()),
  name: v.pipe(v.string(), v.minLength(1)),
  version: v.string(),
};
const expression = v.strictObject({ expression: v.pipe(v.string(), v.regex(/^[A-Za-z0-9.+:() -]+$/)) });
const named = v.strictObject({ license: v.strictObject({ name: v.pipe(v.string(), v.minLength(1)) }) });
const cycloneDx = v.pipe(
  v.strictObject({
    bomFormat: v.literal('CycloneDX'),
    specVersion: v.literal('1.6'),
    version: v.literal(1),
    metadata: v.strictObject({ component: v.strictObject(component) }),
    components: v.array(
      v.strictObject({
        ...component,
        // The schema allows one expression alone, or any number of licences; never both.
        licenses: v.optional(v.union([v.strictTuple([expression]), v.array(named)])),
        purl: v.pipe(v.string(), v.regex(/^pkg:npm\/(?:%40[a-z0-9._~-]+\/)?[a-zA-Z0-9._~%-]+@[a-zA-Z0-9._~%-]+$/)),
      }),
    ),
  }),
  v.check(({ components }) => new Set(components.map((one) => one['bom-ref'])).size === components.length, 'bom-ref is not unique'),
);

const source = (imports: string) => `import { definePlugin } from '@bulkhead/plugin-sdk';
${imports}
export default definePlugin({ name: 'test/plugin', version: '1.2.3', author: 'a', description: 'd',
  callbacks: { engineConfig() { return { env: { A: String(typeof used === 'undefined' ? 0 : used) } } } } } as never);`;

describe('the SBOM of a package', () => {
  let directory: string;
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'bulkhead-sbom-'))));
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(directory, name)), { recursive: true });
      await writeFile(join(directory, name), text);
    }
  }
  const compile = async () =>
    (await buildPlugin(directory, () => Promise.resolve(buildManifest({ name: 'test/plugin', version: '1.2.3' })))).bytes;
  async function bundled(): Promise<Sbom> {
    const bytes = readPackage(await compile(), 'a.sif').sbom ?? assert.fail('no SBOM');
    v.parse(cycloneDx, JSON.parse(Buffer.from(bytes).toString()));
    return parseSbom(bytes, 'a.sif');
  }
  const names = (sbom: Sbom) => listBundled(sbom).map(({ name, version, licence }) => `${name} ${version} ${licence}`);
  const packageJson = (fields: object) => JSON.stringify({ version: '1.0.0', main: 'index.js', ...fields });

  it('names the SDK alone where the author imports nothing else', async () => {
    await write({ 'plugin.ts': source('') });
    const sbom = await bundled();
    assert.deepEqual(sbom.metadata?.component, { type: 'application', 'bom-ref': 'plugin', name: 'test/plugin', version: '1.2.3' });
    assert.deepEqual(names(sbom), ['@bulkhead/plugin-sdk 0.1.0 Apache-2.0']);
  });

  it('names what is in the script, with its licence, and not what was left out or is the author’s own', async () => {
    await write({
      'package.json': packageJson({ name: 'my-plugin', license: 'MIT' }),
      'plugin.ts': source(
        `import { a } from 'plain'; import b from '@scope/own-words'; import { c } from 'old'; import { d } from './lib/own.js'; import { unused } from 'unused'; import { e } from 'nested'; const used = a + b + c + d + e;`,
      ),
      'lib/own.ts': 'export const d = 1;',
      'node_modules/plain/package.json': packageJson({ name: 'plain', license: '(MIT OR Apache-2.0)' }),
      'node_modules/plain/index.js': 'exports.a = Math.random();',
      'node_modules/@scope/own-words/package.json': packageJson({ name: '@scope/own-words', license: 'SEE LICENSE IN licence.txt' }),
      'node_modules/@scope/own-words/index.js': 'module.exports = Math.random();',
      'node_modules/old/package.json': packageJson({ name: 'old', version: '2.0.0-rc.1+build', licenses: [{ type: 'BSD-3-Clause' }] }),
      'node_modules/old/index.js': 'exports.c = Math.random();',
      'node_modules/unused/package.json': packageJson({ name: 'unused', license: 'GPL-3.0', sideEffects: false, module: 'index.mjs' }),
      'node_modules/unused/index.mjs': 'export const unused = 1;',
      'node_modules/nested/package.json': packageJson({ name: 'nested', main: 'dist/index.js' }),
      'node_modules/nested/dist/package.json': '{"type":"commonjs"}',
      'node_modules/nested/dist/index.js': 'exports.e = require("plain").a;',
      'node_modules/nested/node_modules/plain/package.json': packageJson({ name: 'plain', version: '0.9.0', license: 'ISC' }),
      'node_modules/nested/node_modules/plain/index.js': 'exports.a = Math.random();',
    });
    const sbom = await bundled();
    assert.deepEqual(names(sbom), [
      '@bulkhead/plugin-sdk 0.1.0 Apache-2.0',
      '@scope/own-words 1.0.0 SEE LICENSE IN licence.txt',
      'nested 1.0.0 undefined',
      'old 2.0.0-rc.1+build BSD-3-Clause',
      'plain 0.9.0 ISC',
      'plain 1.0.0 (MIT OR Apache-2.0)',
    ]);
    assert.deepEqual(
      sbom.components.map(({ purl, licenses }) => [purl, licenses?.[0]]),
      [
        ['pkg:npm/%40bulkhead/plugin-sdk@0.1.0', { expression: 'Apache-2.0' }],
        ['pkg:npm/%40scope/own-words@1.0.0', { license: { name: 'SEE LICENSE IN licence.txt' } }],
        ['pkg:npm/nested@1.0.0', undefined],
        ['pkg:npm/old@2.0.0-rc.1%2Bbuild', { expression: 'BSD-3-Clause' }],
        ['pkg:npm/plain@0.9.0', { expression: 'ISC' }],
        ['pkg:npm/plain@1.0.0', { expression: '(MIT OR Apache-2.0)' }],
      ],
    );
  });

  it('is one object of the package, and the same for the same source', async () => {
    await write({ 'plugin.ts': source('') });
    const bytes = await compile();
    assert.deepEqual(await compile(), bytes);
    const object = readSif(bytes).objects[3];
    assert.deepEqual([object?.name, object?.dataType, object?.groupId, object?.extra[0]], ['plugin.sbom', 0x4009, 1, 1]);
  });

  it('is what was written, when it is read', () => {
    const packages = [
      { name: 'b', version: '1.0.0', licence: 'MIT' },
      { name: '@a/b', version: '1.0.0', licence: 'UNLICENSED' },
    ];
    const sbom = parseSbom(encodeSbom({ name: 'n', version: '1.0.0' }, packages), 'a.sif');
    assert.deepEqual(listBundled(sbom), packages.toReversed());
    assert.deepEqual(sbom.components[0]?.licenses, [{ license: { name: 'UNLICENSED' } }]);
  });

  describe('that is hostile', () => {
    const good = { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 };
    const one = { type: 'library', name: 'a' };
    const cases: Readonly<Record<string, [string, RegExp]>> = {
      'is empty': ['', /it is not JSON/],
      'is no object': ['[]', /bomFormat/],
      'is of another kind': ['{"spdxVersion":"SPDX-2.3"}', /bomFormat/],
      'is very deep': [`${'['.repeat(10_000)}${']'.repeat(10_000)}`, /nested more than 32 levels/],
      'is too long': [JSON.stringify({ ...good, padding: ' '.repeat(4 * 1_048_576) }), /more than 4194304 bytes/],
      'has too many components': [JSON.stringify({ ...good, components: Array.from({ length: 8193 }, () => one) }), /components/],
      'has a name that begins a line': [
        JSON.stringify({ ...good, components: [{ ...one, name: 'a\nName: b' }] }),
        /components\.0\.name is not one line/,
      ],
      'has a name with an escape sequence': [JSON.stringify({ ...good, components: [{ ...one, name: '\u001b[2J' }] }), /is not one line/],
      'has a very long name': [JSON.stringify({ ...good, components: [{ ...one, name: 'a'.repeat(513) }] }), /components\.0\.name/],
      'reaches for a prototype': ['{"__proto__":{"polluted":1}}', /key "__proto__" is not allowed/],
    };
    for (const [title, [text, why]] of Object.entries(cases))
      it(`because it ${title} is refused shortly, and the package is read`, () => {
        const plugin = readPackage(buildPackage({ sbom: toBytes(text) }), 'a.sif');
        assert.equal(plugin.script, '"use strict";\n');
        assert.throws(
          () => parseSbom(plugin.sbom ?? assert.fail(), 'a.sif'),
          ({ code, message }: { code: string; message: string }) => {
            assert.equal(code, 'SBOM_INVALID');
            assert.match(message, why);
            assert.ok(message.length < 400 && !/[\p{Cc}]/u.test(message), message);
            return true;
          },
        );
      });

    it('says more than Bulkhead shows, which is left out', () => {
      const text = JSON.stringify({ ...good, components: [{ ...one, scripts: '<b>', hashes: [{}] }], vulnerabilities: [1] });
      assert.deepEqual(parseSbom(toBytes(text), 'a.sif'), { ...good, components: [one] });
    });
  });
});
