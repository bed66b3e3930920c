import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { CatalogProblem, FoundBundle } from '#catalog/catalog.js';
import { openBundlePlace, type BundlePlace } from './builder.js';

const service = `abstract = "Networks"
author = "Ann"
version = 0.1

[servicesConfig]
loadAtBoot = true
runAtLoad = false
defaultArguments = ["start"]

[[servicesConfig.services]]
type = "network"
description = "foo"
`;

describe('the configuration of a bundle', () => {
  let place: BundlePlace;
  beforeEach(async () => {
    place = await openBundlePlace();
  });
  afterEach(() => place.remove());

  async function read(files: Record<string, string>): Promise<{ found: FoundBundle | undefined; problems: readonly CatalogProblem[] }> {
    await place.add(place.first, 'sample', { files });
    const { bundles, problems } = await place.open();
    return { found: bundles[0], problems };
  }

  async function refuse(files: Record<string, string>): Promise<string> {
    const { found, problems } = await read(files);
    assert.equal(found, undefined);
    assert.equal(problems.length, 1);
    assert.equal(problems[0]?.kind, 'invalid');
    assert.ok(problems[0].hint !== undefined);
    return problems[0].reason;
  }

  it('a TOML file without services is a command (apple 13)', async () => {
    const { found, problems } = await read({ 'config.toml': 'abstract = "Says hello"\nauthor = "Ann"\n' });
    assert.deepEqual(problems, []);
    assert.equal(found?.bundle.abstract, 'Says hello');
    assert.equal(found.bundle.author, 'Ann');
    assert.equal(found.bundle.services, undefined);
  });

  it('a TOML file with services is one (apple 14)', async () => {
    const { found, problems } = await read({ 'config.toml': service });
    assert.deepEqual(problems, []);
    assert.equal(found?.bundle.version, '0.1');
    assert.deepEqual(found.bundle.services, { types: ['network'], loadAtBoot: true, runAtLoad: false, defaultArguments: ['start'] });
  });

  it('plugin.json of a service: what boots is started too (apple 51)', async () => {
    const hydra = '{"type":["runtime","network"],"defaultArguments":["start","with","params"],"shouldBoot":true}';
    const { found, problems } = await read({ 'plugin.json': hydra });
    assert.deepEqual(problems, []);
    assert.deepEqual(found?.bundle.services, {
      types: ['runtime', 'network'],
      loadAtBoot: true,
      runAtLoad: true,
      defaultArguments: ['start', 'with', 'params'],
    });
  });

  it('plugin.json of a service that waits for its first connection', async () => {
    const { found } = await read({ 'plugin.json': '{"type":["runtime"],"defaultArguments":["--listen","x"],"shouldBoot":false}' });
    assert.deepEqual(found?.bundle.services, {
      types: ['runtime'],
      loadAtBoot: false,
      runAtLoad: false,
      defaultArguments: ['--listen', 'x'],
    });
  });

  it('plugin.json without a type is a command', async () => {
    const { found, problems } = await read({ 'plugin.json': '{"abstract":"x","version":"1.2.3"}' });
    assert.deepEqual(problems, []);
    assert.equal(found?.bundle.services, undefined);
    assert.equal(found?.bundle.version, '1.2.3');
  });

  it('may offer services and no endpoint, a type once, and leave out what has a default', async () => {
    const { found } = await read({ 'config.json': '{"abstract":"x","servicesConfig":{"services":[]}}' });
    assert.deepEqual(found?.bundle.services, { types: [], loadAtBoot: false, runAtLoad: false, defaultArguments: [] });
    const twice = await read({ 'config.json': '{"servicesConfig":{"services":[{"type":"core"},{"type":"core"}]}}' });
    assert.deepEqual(twice.found?.bundle.services?.types, ['core']);
  });

  it('config.json is read where there is no config.toml (apple 23)', async () => {
    const { found } = await read({ 'config.json': '{"abstract":"from JSON","author":"Ann"}' });
    assert.deepEqual([found?.bundle.abstract, found?.bundle.author], ['from JSON', 'Ann']);
  });

  it('config.toml goes before config.json, and that before plugin.json; it is said what is not read (apple 24)', async () => {
    const all = {
      'config.toml': 'abstract = "TOML"',
      'config.json': '{"abstract":"JSON"}',
      'plugin.json': '{"type":["runtime"]}',
    };
    const first = await read(all);
    assert.equal(first.found?.bundle.abstract, 'TOML');
    assert.deepEqual(
      first.problems.map(({ kind, reason }) => [kind, reason]),
      [['noted', 'bundle "sample": config.toml is read, and not config.json and plugin.json']],
    );
    await place.remove();
    place = await openBundlePlace();
    const second = await read({ 'config.json': all['config.json'], 'plugin.json': all['plugin.json'] });
    assert.equal(second.found?.bundle.abstract, 'JSON');
  });

  it('a broken config.toml is not made up for by another file', async () => {
    assert.match(await refuse({ 'config.toml': '= 1', 'config.json': '{"abstract":"x"}' }), /config\.toml:1/);
  });

  it('malformed TOML is told with its line (apple 15)', async () => {
    assert.match(await refuse({ 'config.toml': 'abstract = "x"\nauthor = \n' }), /config\.toml:2: /);
  });

  it('config.yaml is none (apple 16, 19)', async () => {
    assert.match(await refuse({ 'config.yaml': 'abstract: x' }), /has none of config\.toml, config\.json and plugin\.json/);
  });

  it('no program is one bundle less (apple 20)', async () => {
    await place.add(place.first, 'sample', { program: null });
    const { bundles, problems } = await place.open();
    assert.deepEqual(bundles, []);
    assert.match(problems[0]?.reason ?? '', new RegExp(`there is no ${join(place.first, 'sample/bin/sample')}$`));
  });

  it('tells of keys that nobody knows, each once and cleaned, and goes on', async () => {
    const { found, problems } = await read({
      'config.json':
        '{"abstract":"x","licence":1,"servicesConfig":{"services":[{"type":"core","port":1}],"keepAlive":true},"__proto__":{}}',
    });
    assert.deepEqual(found?.bundle.services?.types, ['core']);
    assert.equal(
      problems[0]?.reason,
      'bundle "sample": config.json: nobody knows "licence", "__proto__", "servicesConfig.keepAlive", "servicesConfig.services.port"',
    );
  });

  const wrong: readonly (readonly [why: string, files: Record<string, string>, told: RegExp])[] = [
    ['JSON that is none', { 'plugin.json': '{"type":' }, /plugin\.json: it is not JSON/],
    ['a list', { 'plugin.json': '[]' }, /it is a list/],
    ['null', { 'plugin.json': 'null' }, /it: /],
    ['a type that nobody knows', { 'plugin.json': '{"type":["volume"]}' }, /type\.0: .*"runtime"/],
    ['an empty list of types', { 'plugin.json': '{"type":[]}' }, /type: /],
    ['a type that is no list', { 'plugin.json': '{"type":"runtime"}' }, /type: /],
    ['a boolean in words', { 'plugin.json': '{"type":["runtime"],"shouldBoot":"yes"}' }, /shouldBoot: /],
    ['services without a list', { 'config.toml': '[servicesConfig]\nrunAtLoad = true' }, /servicesConfig\.services: /],
    ['a service of no type', { 'config.json': '{"servicesConfig":{"services":[{}]}}' }, /servicesConfig\.services\.0\.type: /],
    [
      'an argument with a NUL',
      { 'plugin.json': String.raw`{"type":["runtime"],"defaultArguments":["a\u0000b"]}` },
      /defaultArguments\.0: /,
    ],
    ['too many arguments', { 'plugin.json': `{"type":["runtime"],"defaultArguments":[${'"a",'.repeat(64)}"a"]}` }, /defaultArguments: /],
    ['bytes that are no text', { 'plugin.json': '\ud800' }, /it is not JSON/],
    ['JSON without an end to its depth', { 'config.json': '['.repeat(60_000) }, /it is not JSON/],
    ['TOML without an end to its depth', { 'config.toml': `a = ${'['.repeat(60_000)}` }, /config\.toml/],
    ['more than 64 KiB', { 'plugin.json': `{"abstract":"${'x'.repeat(65_536)}"}` }, /more than 65536 bytes/],
  ];
  for (const [why, files, told] of wrong) it(`is refused with ${why}`, async () => assert.match(await refuse(files), told));

  it('takes as many arguments as are allowed', async () => {
    const { found } = await read({ 'plugin.json': `{"type":["runtime"],"defaultArguments":[${'"a",'.repeat(63)}"a"]}` });
    assert.equal(found?.bundle.services?.defaultArguments.length, 64);
  });
});
