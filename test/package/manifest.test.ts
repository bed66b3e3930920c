import assert from 'node:assert/strict';
import { CONTRACT } from '@bulkhead/plugin-sdk/contract';
import { encodeManifest, MANIFEST_BYTES_MAX, parseManifest } from '#package/package.js';
import { buildManifest } from './builder.js';

const path = '/somewhere/sample.sif';

describe('the manifest of a package', () => {
  it('comes back as it was written', () => {
    const manifest = buildManifest({
      permissions: { env: ['HOME'], config: ['mounts'] },
      commands: { 'scratch list': { summary: 'Lists', flags: { all: { type: 'boolean', short: 'a' } } } },
      imageSchemes: ['host'],
      description: 'with <b>, & and ünïcode',
    });
    assert.deepEqual(parseManifest(encodeManifest(manifest), path), manifest);
  });

  it("begins with Apptainer's four keys, in its order, and ends with a line break", () => {
    const text = new TextDecoder().decode(encodeManifest(buildManifest()));
    assert.deepEqual(Object.keys(readObject(text)).slice(0, 4), ['name', 'author', 'version', 'description']);
    assert.match(text, /\}\n$/);
  });

  it('has the same bytes whatever the order of keys it is given in', () => {
    const command = { summary: 'Does' };
    const one = buildManifest({ commands: { b: command, a: command } });
    const other = Object.fromEntries(Object.entries(buildManifest({ commands: { a: command, b: command } })).reverse());
    assert.deepEqual(encodeManifest(parseManifest(toBytes(other), path)), encodeManifest(one));
  });

  it('of a newer host may have further keys at the top', () => {
    const manifest = buildManifest();
    assert.deepEqual(parseManifest(toBytes({ ...manifest, isolation: { process: true } }), path), manifest);
  });

  it('of a newer host, with further keys elsewhere, is refused by its name and version', () => {
    const manifest = { ...buildManifest({ contract: { version: '1.7.0' } }), permissions: { camera: ['front'] } };
    assert.throws(() => parseManifest(toBytes(manifest), path), {
      code: 'MANIFEST_NEWER',
      message: `could not get manifest: plugin "example.com/sample" is too new for this host: it was built against contract 1.7.0, this host offers ${CONTRACT.version} and cannot read permissions.camera`,
    });
  });
});

describe('a manifest is refused, with file and field, when', () => {
  const cases: [title: string, bytes: () => Uint8Array, message: RegExp][] = [
    [
      'it is empty (apptainer 44)',
      () => toBytes(''),
      /^could not get manifest: while decoding JSON manifest: \/somewhere\/sample\.sif: it is not JSON$/,
    ],
    ['it is not JSON (apptainer 45)', () => toBytes('{123'), /sample\.sif: it is not JSON$/],
    ['it is not UTF-8', () => new Uint8Array([0x7b, 0xff, 0x7d]), /it is not UTF-8$/],
    ['it begins with a byte order mark', () => toBytes(`\ufeff${JSON.stringify(buildManifest())}`), /it is not JSON$/],
    ['it is no object', () => toBytes('[]'), /sample\.sif: (?:.*: )?Invalid/],
    ['it is null', () => toBytes('null'), /sample\.sif: (?:.*: )?Invalid/],
    ['it is nested deeply', () => toBytes(`{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), /nested more than 32 levels deep$/],
    [
      'it reaches for a prototype',
      () => toBytes(JSON.stringify(buildManifest()).replace('{', '{"__proto__":{"polluted":1},')),
      /key "__proto__" is not allowed$/,
    ],
    [
      'a command reaches for a prototype',
      () => toBytes(JSON.stringify(buildManifest()).replace('"commands":{', '"commands":{"constructor":{}')),
      /key "constructor" is not allowed$/,
    ],
    ['a field is missing', () => toBytes({ ...buildManifest(), version: undefined }), /: version: Invalid key: Expected "version"/],
    ['a field has the wrong type', () => toBytes({ ...buildManifest(), author: 7 }), /: author: Invalid type/],
    ['the version is none', () => toBytes({ ...buildManifest(), version: '1' }), /: version: must be a semantic version/],
    ['a permission is unknown', () => toBytes({ ...buildManifest(), permissions: { root: true } }), /: permissions\.root: Invalid key/],
    [
      'an element is invalid',
      () => toBytes(buildManifest({ permissions: { env: ['A B'] } })),
      /: permissions\.env\.0: must be the name of an environment variable/,
    ],
    [
      'a callback has no version',
      () => toBytes(buildManifest({ callbacks: ['engineConfig', 'toString'], contract: { callbacks: { engineConfig: '1.0.0' } } })),
      /callbacks: "toString" has no version in contract\.callbacks$/,
    ],
    ['commands lack their callback', () => toBytes({ ...buildManifest(), commands: { a: { summary: '' } } }), /callbacks lacks "command"$/],
    [
      'schemes lack their callback',
      () => toBytes({ ...buildManifest(), imageSchemes: ['host'] }),
      /callbacks lacks "registerImageDriver"$/,
    ],
    ['runtimes lack their callback', () => toBytes({ ...buildManifest(), runtimes: ['mine'] }), /callbacks lacks "runtime"$/],
    ['networks lack their callback', () => toBytes({ ...buildManifest(), networks: ['mine'] }), /callbacks lacks "network"$/],
  ];
  for (const [title, bytes, message] of cases) {
    it(title, () => {
      assert.throws(() => parseManifest(bytes(), path), { code: 'MANIFEST_INVALID', message });
    });
  }

  it('it has more than 1 MiB', () => {
    const manifest = buildManifest();
    const filler = 'x'.repeat(MANIFEST_BYTES_MAX - JSON.stringify({ ...manifest, filler: '' }).length);
    assert.equal(parseManifest(toBytes({ ...manifest, filler }), path).name, manifest.name);
    assert.throws(() => parseManifest(toBytes({ ...manifest, filler: `${filler}x` }), path), {
      code: 'MANIFEST_INVALID',
      message: /more than 1048576 bytes$/,
    });
  });

  it('its quotes make a slow pattern', () => {
    assert.throws(() => parseManifest(toBytes(`"${'\\"'.repeat(500_000)}`), path), { code: 'MANIFEST_INVALID' });
  });
});

describe('a plugin name is refused', () => {
  const traversing = ['../x', 'a//b', 'a/', './a', '.', '..', '/absolute', '/', 'a/../b', 'a/./b'];
  for (const name of traversing) {
    it(`as path traversal: ${JSON.stringify(name)}`, () => {
      assert.throws(() => parseManifest(toBytes({ ...buildManifest(), name }), path), {
        code: 'PLUGIN_NAME_TRAVERSES',
        message: `plugin manifest name ${JSON.stringify(name)} contains path traversal`,
      });
    });
  }

  const others = [
    '__proto__',
    'аpple/x',
    'a\u200b',
    'a\n',
    'a/b\n',
    'a b',
    'a\\b',
    '-a',
    '.hidden',
    'a/.b',
    'ａ',
    'a\u0000b',
    'a'.repeat(129),
  ];
  for (const name of others) {
    it(`by the pattern: ${JSON.stringify(name).slice(0, 30)}`, () => {
      assert.throws(() => parseManifest(toBytes({ ...buildManifest(), name }), path), { code: 'MANIFEST_INVALID', message: /: name: / });
    });
  }

  it('when it is empty', () => {
    assert.throws(() => parseManifest(toBytes({ ...buildManifest(), name: '' }), path), {
      code: 'PLUGIN_NAME_EMPTY',
      message: 'empty plugin in manifest',
    });
  });

  it('but not when it has 128 characters', () => {
    const name = 'a'.repeat(128);
    assert.equal(parseManifest(toBytes({ ...buildManifest(), name }), path).name, name);
  });
});

function toBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
}

function readObject(text: string): object {
  const value: unknown = JSON.parse(text);
  assert.ok(typeof value === 'object' && value !== null);
  return value;
}
