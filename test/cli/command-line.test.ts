import assert from 'node:assert/strict';
import { openCli, type Cli } from '../helpers/cli.js';
import { installSource } from '../helpers/source.js';

/** Prints what it got, as JSON. */
const show = 'run({ args, flags }, host) { host.print(JSON.stringify({ args, flags })) }';

describe('the command line of a plugin', () => {
  let cli: Cli;
  before(async () => {
    cli = await openCli();
    await installSource(
      cli,
      `commands: {
        'site show': { summary: 'Shows what it got', description: 'In all its kinds.', aliases: ['site display', 'sshow'], examples: ['bulkhead site show a'],
          args: [{ name: 'from', required: true, summary: 'where it is' }, { name: 'how', options: ['fast', 'slow'] }, { name: 'others', rest: true }],
          flags: {
            all: { type: 'boolean', short: 'a', env: 'SITE_ALL' },
            name: { type: 'string', short: 'n', env: 'SITE_NAME', placeholder: 'NAME', summary: 'a name' },
            depth: { type: 'integer', default: 2, min: -5, max: 9, env: 'SITE_DEPTH' },
            size: { type: 'integer', short: 's', min: 0, max: 4294967295, env: 'SITE_SIZE' },
            tag: { type: 'list', short: 't', options: ['a', 'b', 'c'], env: 'SITE_TAG' },
            label: { type: 'map', env: 'SITE_LABEL' },
            file: { type: 'string', repeated: true },
            port: { type: 'integer', repeated: true, env: 'SITE_PORT' },
            format: { type: 'string', options: ['json', 'text'], default: 'text' },
            old: { type: 'boolean', deprecated: 'use --all' },
            secret: { type: 'string', hidden: true },
          }, ${show} },
        'site needs': { summary: 'Needs a flag', flags: { who: { type: 'string', required: true, env: 'SITE_WHO' } }, ${show} },
        'site deep er': { summary: 'Is further down', run() { return 42 } },
        'site quiet': { summary: 'Is not shown', hidden: true, run() { return 7 } },
      }`,
    );
  });
  after(() => cli.close());

  async function got(...argv: string[]): Promise<{ args: string[]; flags: Record<string, unknown> }> {
    const { exitCode, stdout, stderr } = await cli.run(...argv);
    assert.equal(exitCode, 0, stderr);
    return JSON.parse(stdout) as { args: string[]; flags: Record<string, unknown> };
  }

  async function gotWith(env: Record<string, string>, ...argv: string[]): Promise<Record<string, unknown>> {
    const { stdout, stderr } = await cli.start(argv, { env: { ...cli.env, ...env } });
    assert.equal(String(stderr), '');
    return (JSON.parse(String(stdout)) as { flags: Record<string, unknown> }).flags;
  }

  const absent = { all: false, depth: 2, tag: [], label: {}, file: [], port: [], format: 'text', old: false };

  it('gives what is absent its default, or what is empty of its type (apptainer 62)', async () => {
    assert.deepEqual(await got('site', 'show', 'x'), { args: ['x'], flags: absent });
  });

  it('reads each type of flag, long and short (apptainer 62, 66-69)', async () => {
    const words = [
      '-a',
      '-n',
      'a string',
      '--depth',
      '-3',
      '-s',
      '4294967295',
      '-t',
      'a, b',
      '--tag=c',
      '--label',
      'k=v,l=w=x',
      '--label',
      'm=',
    ];
    const { flags } = await got(
      'site',
      'show',
      'x',
      ...words,
      '--file',
      'a,b',
      '--file',
      'c',
      '--port',
      '1',
      '--port',
      '2',
      '--format',
      'json',
    );
    assert.deepEqual(flags, {
      ...absent,
      all: true,
      name: 'a string',
      depth: -3,
      size: 4294967295,
      tag: ['a', 'b', 'c'],
      label: { k: 'v', l: 'w=x', m: '' },
      file: ['a,b', 'c'],
      port: [1, 2],
      format: 'json',
    });
  });

  it('takes values from the environment, where the flag is not given (apptainer 62-71)', async () => {
    const env = {
      BULKHEAD_SITE_ALL: '1',
      BULKHEAD_SITE_NAME: 'a string',
      BULKHEAD_SITE_DEPTH: '-4',
      BULKHEAD_SITE_SIZE: '1234',
      BULKHEAD_SITE_TAG: 'a, b',
      BULKHEAD_SITE_LABEL: 'key2=arg2,key1=arg1',
      BULKHEAD_SITE_PORT: '1,2',
    };
    const values = {
      all: true,
      name: 'a string',
      depth: -4,
      size: 1234,
      tag: ['a', 'b'],
      label: { key1: 'arg1', key2: 'arg2' },
      port: [1, 2],
    };
    assert.deepEqual(await gotWith(env, 'site', 'show', 'x'), { ...absent, ...values });
    const typed = await gotWith(env, 'site', 'show', 'x', '--name', 'typed', '--tag', 'c');
    assert.deepEqual([typed['name'], typed['tag']], ['typed', ['c']]);
    assert.deepEqual(await gotWith({ BULKHEAD_SITE_WHO: 'me' }, 'site', 'needs'), { who: 'me' });
  });

  it('gives arguments by their places, and the rest', async () => {
    assert.deepEqual((await got('site', 'show', 'x', 'fast', 'y', 'x', 'y')).args, ['x', 'fast', 'y', 'x', 'y']);
    assert.deepEqual((await got('site', 'show', 'x', '--', 'slow', '--name')).args, ['x', 'slow', '--name']);
  });

  const refused: [string[], RegExp][] = [
    [['site', 'show'], /site show needs the argument FROM/],
    [['site', 'show', 'x', 'often'], /HOW must be one of fast, slow, and is "often"/],
    [['site', 'needs', 'x', '--who', 'me'], /site needs takes no arguments, and got 1/],
    [['site', 'needs'], /Missing required flag who/],
    [['site', 'show', 'x', '--depth', 'deep'], /Parsing --depth: "deep" is not an integer/],
    [['site', 'show', 'x', '--depth', '10'], /Parsing --depth: "10" is above 9/],
    [['site', 'show', 'x', '--size', '-1'], /Parsing --size: "-1" is below 0/],
    [['site', 'show', 'x', '--size', '99999999999999999999'], /Parsing --size: .* is not an integer/],
    [['site', 'show', 'x', '--tag', 'a,d'], /Parsing --tag: "a,d" is none of a, b, c/],
    [['site', 'show', 'x', '--format', 'xml'], /Expected --format=xml to be one of: json, text/],
    [['site', 'show', 'x', '--label', 'novalue'], /Parsing --label: "novalue" is not KEY=VALUE/],
    [['site', 'show', 'x', '--label', '__proto__=1'], /Parsing --label: "__proto__" cannot be a key/],
    [['site', 'show', 'x', '--nonsense'], /Nonexistent flag: --nonsense/],
    [['site', 'nonsense'], /There is no command "site nonsense"/],
  ];
  for (const [argv, why] of refused) {
    it(`refuses "${argv.join(' ')}"`, async () => {
      const { exitCode, stderr } = await cli.run(...argv);
      assert.equal(exitCode, 1);
      assert.match(stderr, why);
    });
  }

  it('is known by its aliases, and passes its exit code on', async () => {
    assert.deepEqual((await got('sshow', 'x')).args, ['x']);
    assert.deepEqual((await got('site', 'display', 'x')).args, ['x']);
    assert.equal((await cli.run('site', 'deep', 'er')).exitCode, 42);
    assert.equal((await cli.run('site', 'quiet')).exitCode, 7);
  });

  it('says that a flag is deprecated, to whoever gives it (apptainer 63)', async () => {
    const { exitCode, stderr } = await cli.run('site', 'show', 'x', '--old');
    assert.deepEqual([exitCode, stderr], [0, 'WARNING: the flag --old is deprecated: use --all']);
  });

  it('is all in the help, except what is hidden (apptainer 64)', async () => {
    const { stdout } = await cli.run('site', 'show', '--help');
    for (const shown of [
      /^Shows what it got \(test\/plugin\)$/m,
      /\$ bulkhead site show \[FLAGS\] FROM \[HOW\] \[OTHERS\.\.\.\]/,
      /FROM +where it is/,
      /\(fast\|slow\)/,
      /-n, --name=NAME +\[env: BULKHEAD_SITE_NAME\] a name/,
      /--depth=N +\[default: 2, env: BULKHEAD_SITE_DEPTH\]/,
      /--label=K=V/,
      /--old +\(deprecated: use --all\)/,
      /In all its kinds\./,
      /\$ bulkhead site show a/,
      /ALIASES[^]*bulkhead sshow/,
    ])
      assert.match(stdout, shown);
    assert.doesNotMatch(stdout, /secret/);
    assert.equal((await cli.run('help', 'site', 'show')).stdout, stdout);
    const tree = (await cli.run('site', '--help')).stdout;
    assert.match(tree, /site show +Shows/);
    assert.match(tree, /site deep/);
    assert.doesNotMatch(tree, /quiet/);
    assert.match((await cli.run('--help')).stdout, /^ +site +/m);
  });
});
