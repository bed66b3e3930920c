import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { needTool } from '../helpers/need.js';
import { installSource } from '../helpers/source.js';

describe('shell completion', () => {
  let cli: Cli;
  before(async () => {
    cli = await openCli();
    await installSource(
      cli,
      `commands: {
         'site show': { summary: 'Shows\\u001b[31m\\tit', aliases: ['sshow'], args: [{ name: 'how', options: ['fast', 'slow'] }],
           flags: { format: { type: 'string', options: ['json', 'text'], short: 'f' }, all: { type: 'boolean', summary: 'All of it' }, secret: { type: 'boolean', hidden: true } },
           run() {} },
         'site hide': { summary: 'Hides it', run() {} },
         'unseen': { summary: '', hidden: true, run() {} },
       },
       flags: { run: { trace: { type: 'string', options: ['on', 'off'] } } }, callbacks: { beforeCommand() {} }`,
    );
    // The scripts call it by its name.
    await mkdir(join(cli.root, 'bin'));
    const program = join(cli.root, 'bin/bulkhead');
    await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${join(repository, 'bin/run.js')}' "$@"\n`);
    await chmod(program, 0o755);
  });
  after(() => cli.close());

  const rows: [string[], string[]][] = [
    [['pl'], ['plugin']],
    [['si'], ['site']],
    [['ss'], ['sshow']],
    [['un'], []],
    [
      ['site', ''],
      ['hide', 'show'],
    ],
    [
      ['site', 'show', '--'],
      ['--all', '--format', '--help'],
    ],
    [
      ['site', 'show', '--format', ''],
      ['json', 'text'],
    ],
    [['site', 'show', '-f', 'j'], ['json']],
    [['site', 'show', '--format=t'], ['--format=text']],
    [['site', 'show', '--format', '=', 't'], ['text']],
    [
      ['site', 'show', '--all', ''],
      ['fast', 'slow'],
    ],
    [['sshow', 's'], ['slow']],
    [['run', '--tr'], ['--trace']],
    [
      ['network', 'inspect', ''],
      ['none', 'host'],
    ],
    [['network', 'connect', 'h'], ['host']],
    [['network', 'connect', 'host', ''], []],
    [
      ['run', '--trace', 'o'],
      ['on', 'off'],
    ],
    [['run', '--trace', 'on', ''], []],
    [['plugin', 'enab'], ['enable']],
    [['plugin', 'enable', ''], ['test/plugin']],
    [['--de'], ['--debug']],
  ];
  for (const [words, expected] of rows) {
    it(`offers ${expected.join(', ') || 'nothing'} for "${words.join(' ')}"`, async () => {
      const { stdout, stderr, exitCode } = await cli.run('__complete', ...words);
      assert.deepEqual([exitCode, stderr], [0, '']);
      const found = stdout === '' ? [] : stdout.split('\n').map((line) => line.split('\t')[0]);
      assert.deepEqual(found, expected);
    });
  }

  it('says what each means, cleaned', async () => {
    const { stdout } = await cli.run('__complete', 'site', 's');
    assert.equal(stdout, 'show\tShows\\u001b[31m it');
    assert.equal((await cli.run('__complete', 'site', 'show', '--al')).stdout, '--all\tAll of it');
  });

  it('is there whatever is wrong with the plugins', async () => {
    const env = { ...cli.env, BULKHEAD_PLUGIN_DIR: '/dev/null' };
    assert.match(String((await cli.start(['__complete', 'pl'], { env })).stdout), /^plugin\t/);
  });

  /** Runs the script of a shell and prints what it would offer. */
  async function offered(shell: string, script: string): Promise<string[]> {
    const env = { ...cli.env, PATH: `${join(cli.root, 'bin')}:${process.env['PATH'] ?? ''}` };
    const { stdout } = await execa(shell, ['-c', script], { env, extendEnv: false });
    return stdout.split('\n').filter((line) => line !== '');
  }

  it('works in bash', async function () {
    needTool(this, 'bash');
    const ask = (words: string, count: number) =>
      offered(
        'bash',
        `source <(bulkhead completion bash); COMP_WORDS=(${words}); COMP_CWORD=${count}; _bulkhead; printf '%s\\n' "\${COMPREPLY[@]}"`,
      );
    assert.deepEqual(await ask('bulkhead site ""', 2), ['hide', 'show']);
    assert.deepEqual(await ask('bulkhead site show --format = j', 5), ['json']);
    assert.deepEqual(await ask('bulkhead plugin disable ""', 3), ['test/plugin']);
  });

  it('works in zsh', async function () {
    needTool(this, 'zsh');
    // What zsh's own machinery does with the list is zsh's; compdef and _describe are there only when a line is edited.
    const script = `compdef() { :; }; _files() { print files; }; _describe() { print -rl "\${(@P)2}"; }; source <(bulkhead completion zsh)
      words=(bulkhead site ''); CURRENT=3; _bulkhead; words=(bulkhead run --trace on ''); CURRENT=5; _bulkhead`;
    assert.deepEqual(await offered('zsh', script), ['hide:Hides it', 'show:Shows\\u001b[31m it', 'files']);
  });

  it('works in fish', async function () {
    needTool(this, 'fish');
    const all = await offered('fish', `bulkhead completion fish | source; complete -C 'bulkhead site '`);
    // fish offers files beside them.
    assert.deepEqual(
      all.filter((line) => line.includes('\t')),
      ['hide\tHides it', 'show\tShows\\u001b[31m it'],
    );
  });

  it('is printed for known shells alone', async () => {
    const { exitCode, stderr } = await cli.run('completion', 'tcsh');
    assert.equal(exitCode, 1);
    assert.match(stderr, /tcsh/);
  });
});
