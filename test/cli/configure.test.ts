import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { needUserNamespaces } from '../helpers/need.js';
import { writeConfig } from '../helpers/policy.js';

const name = 'test/plugin';
const quiet = { exitCode: 0, stdout: '', stderr: '' };
const secret = 'hunter2-and-more';

/** All kinds of fields. */
const fields = `
  server: v.pipe(v.string(), v.minLength(3), v.description('where it reports to')),
  token: v.optional(v.pipe(v.string(), v.metadata({ secret: true }))),
  retries: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(9)), 3),
  ratio: v.optional(v.number()),
  mode: v.optional(v.picklist(['fast', 'safe']), 'safe'),
  quick: v.optional(v.boolean()),
  tags: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(4))), v.maxLength(3))),
  ports: v.optional(v.record(v.string(), v.pipe(v.number(), v.integer()))),`;
const shows = `commands: { shown: { summary: 's', run(_, host) { host.print(JSON.stringify(host.configuration)); } } }`;

describe('the configuration of a plugin', function () {
  let cli: Cli;
  beforeEach(async () => (cli = await openCli()));
  afterEach(() => cli.close());

  let count = 0;
  async function build(inside: string, { version = '1.0.0', more = shows } = {}): Promise<string> {
    const directory = join(cli.root, `source-${(count += 1)}`);
    await mkdir(directory);
    const source = `import { definePlugin } from '@bulkhead/plugin-sdk';
import * as v from 'valibot';
export default definePlugin({ name: '${name}', version: '${version}', author: 'a', description: 'd',
  configuration: ${inside.startsWith('v.') ? inside : `v.object({ ${inside} })`}, ${more} });`;
    await writeFile(join(directory, 'plugin.ts'), source);
    return directory;
  }
  const install = async (inside: string, ...flags: string[]) => cli.install(await build(inside), ...flags);
  const configure = (...words: string[]) => cli.run('plugin', 'configure', name, ...words);
  const shown = async () => JSON.parse((await cli.run('shown')).stdout) as Record<string, unknown>;
  const lines = async () => (await configure()).stdout.split('\n');

  it('has defaults, is set key by key, and reaches the plugin', async () => {
    await install(fields);
    assert.deepEqual(await configure('server=https://log', 'retries=5', 'ratio=-0.5', 'mode=fast', 'quick=true'), quiet);
    assert.deepEqual(await configure('tags=a,b', 'ports=http=80,https=443'), quiet);
    assert.deepEqual(await shown(), {
      retries: 5,
      mode: 'fast',
      server: 'https://log',
      ratio: -0.5,
      quick: true,
      tags: ['a', 'b'],
      ports: { http: 80, https: 443 },
    });
    assert.deepEqual(await configure('--unset', 'retries', '--unset', 'ports', 'tags=["c,d"]'), quiet);
    assert.deepEqual(await shown(), { retries: 3, mode: 'fast', server: 'https://log', ratio: -0.5, quick: true, tags: ['c,d'] });
  });

  it('is shown, with what is needed, by configure and by inspect', async () => {
    await install(
      'server: v.pipe(v.string(), v.description("where it reports to")), retries: v.optional(v.number(), 3), other: v.optional(v.string())',
    );
    assert.deepEqual(await lines(), ['server (needed)  # where it reports to', 'retries = 3 (default)', 'other (not set)']);
    assert.equal((await configure('--show', 'server=abc')).stdout.split('\n')[0], 'server = "abc"  # where it reports to');
    const { stdout } = await cli.run('plugin', 'inspect', name);
    assert.ok(
      stdout.endsWith('Configuration:\n  server = "abc"  # where it reports to\n  retries = 3 (default)\n  other (not set)'),
      stdout,
    );
  });

  it('is refused where a value does not fit, and with it all that was to be set at once', async () => {
    await install(fields);
    for (const [setting, why] of [
      ['server=ab', 'server must have at least 3 characters'],
      ['retries=10', 'retries must be from 0 to 9'],
      ['retries=1.5', 'retries must be a whole number'],
      ['retries=many', 'retries must be a number'],
      ['mode=slow', 'mode must be one of "fast", "safe"'],
      ['quick=yes', 'quick must be true or false'],
      ['tags=a,b,c,d', 'tags must have at most 3 items'],
      ['tags=12345', 'tags must have at most 4 characters'],
      ['tags=[1]', 'tags must be text'],
      ['tags={"a":"b"}', 'tags must have at most 4 characters'],
      ['ports=http=x', 'ports must be a number'],
      ['none=1', 'none is no key of this plugin'],
      ['constructor=1', 'constructor is no key of this plugin'],
      ['server', '"server" is not KEY=VALUE'],
      ['=x', 'a setting without a key'],
    ] as const) {
      const { exitCode, stderr } = await configure('ratio=1', setting);
      assert.equal(exitCode, 255);
      assert.ok(stderr.startsWith(`FATAL:   Failed to configure plugin "${name}": `), stderr);
      assert.ok(stderr.includes(why), stderr);
    }
    assert.ok((await lines()).includes('ratio (not set)'));
  }).timeout(90_000);

  it('is read from a file, JSON or TOML', async () => {
    await install(fields);
    const json = join(cli.root, 'a.json');
    const toml = join(cli.root, 'a.toml');
    await writeFile(json, '{ "server": "from json", "tags": ["x"] }');
    await writeFile(toml, 'server = "from toml"\n[ports]\nhttp = 80\n');
    assert.deepEqual(await configure('--file', json), quiet);
    assert.deepEqual(await configure('--file', toml, 'retries=1'), quiet);
    assert.deepEqual(await shown(), { retries: 1, mode: 'safe', server: 'from toml', tags: ['x'], ports: { http: 80 } });
    for (const [text, why] of [
      ['{', /cannot use .*: it is not JSON/],
      ['{"server": {"a": {"b": 1}}}', /server is no value/],
      ['{"server": null}', /server is no value/],
      ['{"retries": 10}', /retries must be from 0 to 9/],
      ['{"__proto__": 1}', /"__proto__" is not allowed/],
    ] as const) {
      await writeFile(json, text);
      const { exitCode, stderr } = await configure('--file', json);
      assert.equal(exitCode, 255);
      assert.match(stderr, why);
    }
    assert.match((await configure('--file', join(cli.root, 'none'))).stderr, /cannot use .*none: ENOENT/);
  });

  it('that is secret is shown nowhere, and kept where others cannot read it', async () => {
    await install(fields, '--user');
    const said = [await configure('--show', `token=${secret}`, 'server=abc'), await configure(), await configure('--json')];
    for (const argv of [
      ['plugin', 'inspect', name],
      ['plugin', 'inspect', '--json', name],
      ['plugin', 'list', '--json'],
      ['plugin', 'permissions', '--json', name],
    ])
      said.push(await cli.run(...argv));
    said.push(await cli.run('--debug', 'plugin', 'disable', '--json', name), await cli.run('--debug', 'plugin', 'enable', '--json', name));
    for (const { stdout, stderr, exitCode } of said) {
      assert.equal(exitCode, 0, stderr);
      assert.ok(!`${stdout}${stderr}`.includes(secret), `${stdout}${stderr}`);
    }
    assert.ok((await lines()).includes('token = (secret)'));
    const refused = await configure(`token=${secret}`, 'retries=99');
    assert.ok(!refused.stderr.includes(secret));
    assert.equal((await shown())['token'], secret);
    const receipts = join(cli.env['HOME'] ?? '', '.local/libexec/bulkhead/plugin/receipts');
    for (const file of await readdir(receipts)) assert.equal((await stat(join(receipts, file))).mode & 0o777, 0o600);
  });

  it('is kept by an upgrade as far as it still fits, and what does not is said', async () => {
    await install(fields);
    await configure('server=abc', 'retries=7', 'mode=fast', `token=${secret}`);
    const next = await build(
      `server: v.string(), retries: v.optional(v.pipe(v.number(), v.maxValue(5)), 1), token: v.optional(v.pipe(v.string(), v.metadata({ secret: true })))`,
      { version: '2.0.0' },
    );
    const { exitCode, stderr } = await cli.run('plugin', 'upgrade', await cli.compile(next));
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /WARNING: What was set as retries of plugin "test\/plugin" is gone: it must be at most 5/);
    assert.match(stderr, /WARNING: What was set as mode of plugin "test\/plugin" is gone: it is no key of this plugin/);
    assert.ok(!stderr.includes(secret));
    assert.deepEqual(await shown(), { server: 'abc', retries: 1, token: secret });
  });

  it('may be given with install, and must be where the install callback needs it', async () => {
    const more = `callbacks: { install(_, host) { host.log.info('reports to ' + host.configuration.server) } }`;
    const file = await cli.compile(await build(fields, { more }));
    const refused = await cli.run('plugin', 'install', file);
    assert.equal(refused.exitCode, 255);
    assert.match(refused.stderr, /has a callback for install, which needs a value for server\.\n +Try: add --set server=VALUE/);
    assert.equal((await cli.run('plugin', 'list')).stdout, 'There are no plugins installed.');
    assert.match((await cli.run('plugin', 'install', '--set', 'server=ab', file)).stderr, /server must have at least 3 characters/);
    const installed = await cli.run('plugin', 'install', '--set', 'server=abc', file);
    assert.deepEqual(installed, { ...quiet, stderr: `INFO:    [${name}] reports to abc` });
  });

  it('that lacks a value is said at install, and the plugin is not run before it is there', async () => {
    const file = await cli.compile(await build(fields));
    const { exitCode, stderr } = await cli.run('plugin', 'install', file);
    assert.deepEqual(
      [exitCode, stderr],
      [0, `WARNING: Plugin "${name}" does not run before this is set: bulkhead plugin configure ${name} server=VALUE`],
    );
    const refused = await cli.run('shown');
    assert.equal(refused.exitCode, 255);
    assert.match(
      refused.stderr,
      /cannot run as it is configured: server is not set\n +Try: bulkhead plugin configure test\/plugin server=VALUE/,
    );
  });

  it('that a required plugin lacks refuses the run before the container starts, with the mend', async function () {
    needUserNamespaces(this);
    await cli.install(join(repository, 'samples/host-image'));
    const more = `callbacks: { postStartProcess(_, host) { host.log.info('reports to ' + host.configuration.server) } }`;
    await cli.install(await build(fields, { more }));
    await writeConfig(cli, `required-plugins = ["${name}"]\n`);
    const ran = join(cli.root, 'ran');
    const { exitCode, stderr, stdout } = await cli.run('run', 'host:', 'echo', ran);
    assert.deepEqual([exitCode, stdout], [255, '']);
    assert.match(
      stderr,
      /server is not set; plugin "test\/plugin" is required by .*\n +Try: as root: bulkhead plugin configure test\/plugin server=VALUE/,
    );
    assert.deepEqual(await configure('server=abc'), quiet);
    const well = await cli.run('run', 'host:', 'true');
    assert.deepEqual(well, { ...quiet, stderr: `INFO:    [${name}] reports to abc` });
  });

  it('that was changed by hand to what does not fit is refused at each run', async () => {
    await install(fields);
    await configure('server=abc', 'retries=1');
    const receipts = join(cli.root, 'system/usr/local/libexec/bulkhead/plugin/receipts');
    const [file = ''] = await readdir(receipts);
    const receipt = await readFile(join(receipts, file), 'utf8');
    await writeFile(join(receipts, file), receipt.replace('"retries":1', '"retries":99'));
    await chmod(join(receipts, file), 0o644);
    assert.match((await cli.run('shown')).stderr, /cannot run as it is configured: retries must be from 0 to 9/);
  });

  it('of a plugin without one is empty', async () => {
    await cli.install(join(repository, 'samples/cli-plugin'));
    const { stdout } = await cli.run('plugin', 'configure', 'example.com/cli-plugin');
    assert.equal(stdout, 'Plugin "example.com/cli-plugin" has nothing to configure.');
    const { exitCode, stderr } = await cli.run('plugin', 'configure', 'example.com/cli-plugin', 'a=b');
    assert.equal(exitCode, 255);
    assert.match(stderr, /a is no key of this plugin/);
    assert.match((await cli.run('plugin', 'configure', 'test/nobody', 'a=b')).stderr, /plugin not found/);
  });

  for (const [title, inside, why] of [
    ['a pattern', 'a: v.pipe(v.string(), v.regex(/x/))', /configuration\.a: v\.regex is not supported/],
    ['a transformation', 'a: v.pipe(v.string(), v.transform(Number))', /configuration\.a: v\.transform is not supported/],
    ['a check of its own', 'list: v.array(v.pipe(v.number(), v.check(() => true)))', /configuration\.list\[\]: v\.check is not supported/],
    ['an object in the object', 'a: v.object({})', /configuration\.a: v\.object is not supported/],
    ['a union', 'a: v.union([v.string(), v.number()])', /configuration\.a: v\.union is not supported/],
    ['keys that are more than texts', 'a: v.record(v.picklist(["x"]), v.string())', /configuration\.a: v\.record is not supported/],
    ['a default that is computed', 'a: v.optional(v.string(), () => "x")', /configuration\.a: a default that is a function/],
    ['a key that is none', '"a b": v.string()', /configuration\.properties\.a b/],
    ['what is no object', 'v.string()', /configuration: v\.object\(\{ … \}\) is wanted, not v\.string/],
  ] as const) {
    it(`cannot have ${title}: that is an error when the plugin is compiled`, async () => {
      const { exitCode, stderr } = await cli.run('plugin', 'compile', await build(inside));
      assert.equal(exitCode, 255);
      assert.match(stderr, why);
    });
  }
});
