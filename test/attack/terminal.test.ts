import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packPlugin, readPackage } from '#package/package.js';
import { DATA_TYPES } from '#sif/sif.js';
import { openCli, type Cli } from '../helpers/cli.js';
import { openOnHost } from '../helpers/run-on-host.js';
import { installSource } from '../helpers/source.js';
import { runAtTerminal } from '../helpers/terminal.js';
import { buildPackage, changeObject, repack } from '../package/builder.js';

/**
 * What a real terminal is sent. It clears its screen, renames its window, fills the clipboard, writes over earlier lines and turns
 * text around when it is told to; no plugin may tell it to.
 */
const weapons: Readonly<Record<string, string>> = {
  'clears the screen': '\u001b[2J\u001b[H',
  'colours the rest': '\u001b[31m',
  'fills the clipboard (OSC 52)': '\u001b]52;c;ZXZpbA==\u0007',
  'renames the window (OSC 0)': '\u001b]0;evil\u001b\\',
  'links to elsewhere (OSC 8)': '\u001b]8;;http://evil.example\u001b\\here\u001b]8;;\u001b\\',
  'asks the terminal to answer (DSR)': '\u001b[6n',
  'is C1 instead of ESC': '\u009b31m\u009d52;c;ZXZpbA==\u009c',
  'writes over the line': 'x\rFATAL:   forged',
  'deletes what stands before it': 'abc\b\b\b\u007f',
  'turns the text around': '\u202egnp.exe\u202c\u2066x\u2069\u200f\u061c',
  'breaks lines for others': 'a\u2028b\u2029c\u0085d\u000bd\u000ce',
  'rings and ends strings': '\u0007\u0000\u0018\u001a',
};
const all = Object.values(weapons).join('|');
const literal = JSON.stringify(all);

/** Every control but tab and line feed, separators, direction marks. */
const controls = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** What is the CLI's own: bold, dim and underlined words of help, each closed behind its text, and the marks of readline around a question. */
const ours = [/\u001b\[[124]m([^\u001b]*)\u001b\[2[24]m/g, /\u001b\[(?:\d+G|0?J)()/g];

function assertHarmless(sent: string, title: string): void {
  const rest = ours.reduce((text, own) => text.replaceAll(own, '$1'), sent);
  // The pty makes CR LF of LF; readline sends CR LF itself.
  const found = controls.exec(rest.replaceAll(/\r+\n/g, '\n').replaceAll(/[\t\n]/g, ''));
  assert.equal(found, null, `${title}: sent ${JSON.stringify(found?.[0])} in ${JSON.stringify(sent.slice(0, 2000))}`);
}

describe('what a plugin says, at a terminal', function () {
  let cli: Cli;
  afterEach(() => cli?.close());

  const command = `commands: { told: { summary: ${JSON.stringify(all.slice(0, 250))}, usage: ${JSON.stringify(all.slice(0, 250))}, examples: [${JSON.stringify(all.slice(0, 250))}],
    flags: { flag: { type: 'string', summary: ${JSON.stringify(all.slice(0, 250))}, default: ${JSON.stringify(all.replaceAll('\0', ''))} } },
    async run(_, host) {
      for (const level of ['debug', 'info', 'warning', 'error']) host.log[level](${literal});
      console.log(${literal}, { [${literal}]: ${literal} });
      host.print(${literal});
      await host.store.get(${literal}).catch(() => undefined);
      throw Object.assign(new Error(${literal}), { name: ${literal} });
    } } }`;

  describe('outside of a run', () => {
    beforeEach(async () => {
      cli = await openCli();
      await installSource(cli, `description: ${literal}, author: ${JSON.stringify(all.slice(0, 250))}, ${command}`);
    });

    for (const argv of [
      ['--help'],
      ['help', 'told'],
      ['told', '--help'],
      ['told'],
      ['told', '--debug'],
      ['told', '--flag', all],
      ['told', `--${all.replaceAll('\0', '')}`],
      ['plugin', 'list'],
      ['plugin', 'list', '--json'],
      ['plugin', 'inspect', 'test/plugin'],
      ['plugin', 'inspect', 'test/plugin', '--json'],
      ['plugin', 'uninstall', 'test/plugin'],
    ]) {
      const words = argv.map((word) => word.replaceAll('\0', ''));
      it(`is harmless in ${words.map((word) => JSON.stringify(word).slice(0, 30)).join(' ')}`, async function () {
        const sent = await runAtTerminal(this, cli, words);
        assertHarmless(sent, words.join(' '));
        assert.ok(sent.length > 0 || words.includes('uninstall'));
      });
    }

    it('is harmless in JSON, and the same value', async function () {
      const sent = await runAtTerminal(this, cli, ['plugin', 'list', '--json']);
      const { plugins } = JSON.parse(sent) as { plugins: { manifest: { description: string } }[] };
      assert.equal(plugins[0]?.manifest.description, all);
    });
  });

  describe('around a run', () => {
    for (const [title, source, flags] of [
      [
        'when it throws as an observer',
        `callbacks: { monitorContainer(_, host) { host.log.error(${literal}); throw new Error(${literal}) } }`,
        [],
      ],
      [
        'when it throws and the run stops',
        `callbacks: { engineConfig() { throw Object.assign(new Error(${literal}), { name: ${literal} }) } }`,
        [],
      ],
      ['when it throws as an optional one', `callbacks: { engineConfig() { throw ${literal} } }`, ['--optional']],
      [
        'when its answer is refused for its keys and values',
        `callbacks: { engineConfig() { return { [${literal}]: 1, hostname: ${literal} } } }`,
        [],
      ],
      ['when its answer is refused for a value', `callbacks: { engineConfig() { return { hostname: ${literal} } } }`, []],
      [
        'when it ends with a crash',
        `callbacks: { engineConfig() { Promise.reject(new Error(${literal})); return new Promise(() => {}) } }`,
        [],
      ],
    ] as const) {
      it(`is harmless ${title}`, async function () {
        cli = await openOnHost(this, []);
        await installSource(cli, source, { flags });
        const sent = await runAtTerminal(this, cli, ['run', '--debug', 'host:', 'true']);
        assert.match(sent, /test\/plugin/);
        assertHarmless(sent, title);
      });
    }

    it('leaves to the command in the container what it prints itself', async function () {
      cli = await openOnHost(this, []);
      const sent = await runAtTerminal(this, cli, ['run', 'host:', 'printf', '\\033[1mbold']);
      assert.ok(sent.includes('\u001b[1mbold'));
    });
  });

  describe('when it is installed', () => {
    beforeEach(async () => void (cli = await openCli()));

    async function write(bytes: Uint8Array, fileName = 'a.sif'): Promise<string> {
      const file = join(cli.root, fileName);
      await writeFile(file, bytes);
      return file;
    }

    it('is harmless in the question for permissions, which shows each of them whole', async function () {
      const path = '/srv/\u009b31m\u202egnp.exe\u2066x';
      const file = await write(buildPackage({ description: all, permissions: { readFile: [path, '/etc/hosts'], config: ['mounts'] } }));
      const sent = await runAtTerminal(this, cli, ['plugin', 'install', file], 'n\n');
      assert.match(sent, /Grant all of this\? \[y\/N\]/);
      assert.ok(sent.includes('readFile:/srv/\\u009b31m\\u202egnp.exe\\u2066x') && sent.includes('config:mounts'));
      assertHarmless(sent, 'consent');
      assert.match((await cli.run('plugin', 'list')).stdout, /no plugins/);
    });

    it('is harmless in the refusal of a manifest, whatever stands where', async function () {
      const good = readPackage(buildPackage(), 'a.sif').manifest;
      for (const manifest of [
        { ...good, name: `../${all}` },
        { ...good, name: all },
        { ...good, version: all },
        { ...good, callbacks: [all] },
        { ...good, [all]: all, imageSchemes: [all] },
        { ...good, permissions: { [all]: [all] } },
        { ...good, commands: { [all]: { summary: all } } },
        { ...good, contract: { ...good.contract, version: '99.0.0', callbacks: { [all]: '1.0.0' } }, callbacks: [all] },
      ]) {
        const data = new TextEncoder().encode(JSON.stringify(manifest));
        const file = await write(repack(buildPackage(), changeObject('plugin.manifest', { data, dataType: DATA_TYPES.genericJson })));
        for (const argv of [
          ['plugin', 'install', file],
          ['plugin', 'inspect', file],
        ]) {
          const sent = await runAtTerminal(this, cli, argv);
          assert.match(sent, /FATAL/);
          assertHarmless(sent, argv.join(' '));
        }
      }
    });

    it('is harmless in the name of a file, of a directory, of a command and of a key of the configuration', async function () {
      const name = `${all.replaceAll(/[\0/]/g, '').slice(0, 60)}.sif`;
      const file = await write(packPlugin({ manifest: readPackage(buildPackage(), 'a.sif').manifest, script: '1' }), name);
      const directory = join(cli.root, name.replace('.sif', '.d'));
      await mkdir(directory, { mode: 0o777, recursive: true });
      const etc = join(cli.env['BULKHEAD_ROOT'] ?? '', 'usr/local/etc/bulkhead');
      for (const argv of [
        ['plugin', 'inspect', `${file}.none`],
        ['plugin', 'install', `${file}.none`],
        ['plugin', 'list', '--plugin-dir', directory],
        ['plugin', 'compile', directory],
        ['plugin', 'disable', name],
        [name],
        ['run', '--bind', name, './none'],
      ])
        assertHarmless(await runAtTerminal(this, cli, argv), argv.join(' '));
      await mkdir(etc, { recursive: true });
      await writeFile(join(etc, 'bulkhead.toml'), `${literal} = ${literal}\n`);
      const sent = await runAtTerminal(this, cli, ['plugin', 'install', '--grant-all', file]);
      assert.match(sent, /bulkhead\.toml/);
      assertHarmless(sent, 'bulkhead.toml');
    });

    it('shows the rest of the text, and the controls as text', async function () {
      await installSource(
        cli,
        `commands: { told: { summary: '', run(_, host) { host.print(${JSON.stringify('Grüße, 世界 👋 \u001b[31m')}) } } }`,
      );
      assert.equal(await runAtTerminal(this, cli, ['told']), 'Grüße, 世界 👋 \\u001b[31m\r\n');
    });
  });
});
