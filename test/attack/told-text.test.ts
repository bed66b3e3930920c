import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openCli, type Cli } from '../helpers/cli.js';
import { installSource } from '../helpers/source.js';

/** What a plugin says of itself is shown to people by programs that take some texts for more than text. */
describe('the text that a plugin tells', () => {
  let cli: Cli;
  beforeEach(async () => (cli = await openCli()));
  afterEach(() => cli.close());

  const command = (text: string): string => {
    const word = JSON.stringify(text);
    return `commands: { told: { summary: ${word}, usage: ${word}, examples: [${word}], flags: { flag: { type: 'string', summary: ${word}, default: ${word} } }, run() {} } }`;
  };

  it('is not run as a template when help is shown', async () => {
    const file = join(cli.root, 'written');
    const template = `<% process.getBuiltinModule('fs').writeFileSync('${file}', '') %><%= 7*6 %><%% x %>`;
    await installSource(cli, command(template));
    for (const argv of [['--help'], ['told', '--help'], ['help', 'told']]) {
      const { exitCode, stdout, stderr } = await cli.run(...argv);
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout.replaceAll(/\s+/g, ' '), /<%= 7\*6 %>/);
      assert.doesNotMatch(stdout, /42/);
    }
    assert.equal(existsSync(file), false);
  });

  it('does not break help when it is half a template', async () => {
    await installSource(cli, command('half <% of it'));
    assert.match((await cli.run('--help')).stdout, /half <% of it/);
    assert.equal((await cli.run('told', '--help')).exitCode, 0);
  });

  const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;
  const nasty = 'a\u001b[31mb\u009b31mc\u202ed\re\u0007';

  it('brings no control character to the terminal, in help, inspect, list, log, output, errors or JSON', async () => {
    const word = JSON.stringify(nasty);
    await installSource(
      cli,
      `description: ${word}, commands: { told: { summary: ${word}, usage: ${word}, examples: [${word}], flags: { flag: { type: 'string', summary: ${word}, default: ${word} } },
        run(_, host) { host.log.info(${word}); host.print(${word}); throw new Error(${word}) } } }`,
    );
    for (const argv of [
      ['--help'],
      ['told', '--help'],
      ['plugin', 'inspect', 'test/plugin'],
      ['plugin', 'list'],
      ['plugin', 'list', '--json'],
      ['told'],
      ['told', '--debug'],
    ]) {
      const { stdout, stderr } = await cli.run(...argv);
      assert.doesNotMatch(stdout, controls, argv.join(' '));
      assert.doesNotMatch(stderr, controls, argv.join(' '));
    }
    const { plugins } = JSON.parse((await cli.run('plugin', 'list', '--json')).stdout) as {
      plugins: { manifest: { description: string } }[];
    };
    assert.equal(plugins[0]?.manifest.description, nasty);
  });

  it('cannot pass for a line of somebody else', async () => {
    await installSource(cli, `commands: { told: { summary: '', run(_, host) { host.log.info('x\\nFATAL:   [other/plugin] forged') } } }`);
    assert.doesNotMatch((await cli.run('told')).stderr, /^FATAL/m);
  });

  it('is refused where it would be a flag of bulkhead itself', async () => {
    for (const flag of [
      `debug: { type: 'boolean' }`,
      `'plugin-dir': { type: 'string' }`,
      `help: { type: 'boolean' }`,
      `x: { type: 'boolean', short: 'd' }`,
    ]) {
      await assert.rejects(
        installSource(cli, `commands: { told: { summary: '', flags: { ${flag} }, run() {} } }`),
        /which bulkhead has itself|that bulkhead has itself/,
      );
    }
  });
});
