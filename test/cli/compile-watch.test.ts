import assert from 'node:assert/strict';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPackageFile } from '#package/package.js';
import { openCli, type Cli } from '../helpers/cli.js';

const source = (inside: string) => `import { definePlugin } from '@bulkhead/plugin-sdk';
import { summary } from './summary.js';
export default definePlugin({ name: 'test/plugin', version: '1.0.0', author: 'a', description: 'd',
  permissions: { env: ['HOME'] }, commands: { scratch: { summary, run() {} } }, callbacks: { ${inside} } });`;

describe('plugin compile', () => {
  let cli: Cli;
  let directory: string;
  beforeEach(async () => {
    cli = await openCli();
    directory = join(cli.root, 'source');
    await mkdir(directory);
    await writeFile(join(directory, 'plugin.ts'), source('postStartProcess() {}'));
    await writeFile(join(directory, 'summary.ts'), `export const summary = 'first';`);
  });
  afterEach(() => cli.close());

  const file = () => join(directory, 'source.sif');
  const summary = async () => (await readPackageFile(file())).manifest.commands['scratch']?.summary;

  it('says with --verbose what it does', async () => {
    const { exitCode, stdout, stderr } = await cli.run('plugin', 'compile', '--verbose', directory);
    assert.deepEqual([exitCode, stdout], [0, '']);
    const { length } = await readFile(file());
    for (const line of [
      /^INFO: {4}Bundled plugin\.ts \(\d+ bytes\)$/m,
      /^INFO: {4}Bundled summary\.ts \(31 bytes\)$/m,
      /^INFO: {4}Plugin test\/plugin 1\.0\.0, for contract 1\.0\.0$/m,
      /^INFO: {4}Callbacks: command, postStartProcess$/m,
      /^INFO: {4}Commands: scratch$/m,
      /^INFO: {4}Permissions: env:HOME$/m,
      new RegExp(`^INFO: {4}Script \\d+ bytes, source map \\d+ bytes, package ${length} bytes$`, 'm'),
      /^INFO: {4}Took \d+ ms to bundle, \d+ ms to evaluate, \d+ ms to pack$/m,
    ])
      assert.match(stderr, line);
    assert.ok(stderr.endsWith(`Plugin built to: ${file()}`));
  });

  /** At once: half of a file would be compiled too. */
  async function put(name: string, text: string): Promise<void> {
    await writeFile(join(directory, `.${name}`), text);
    await rename(join(directory, `.${name}`), join(directory, name));
  }

  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`compiles again with --watch, says what is wrong and goes on, and ends with ${exitCode} by ${signal}`, async () => {
      const watching = cli.start(['plugin', 'compile', '--watch', directory]);
      const told = listen(watching);
      await told('Waiting for changes');
      assert.equal(await summary(), 'first');

      await put('summary.ts', `export const summary = 'second';`);
      await told('Waiting for changes');
      assert.equal(await summary(), 'second');

      await put('plugin.ts', 'export default {');
      assert.match(await told('Waiting for changes'), /ERROR: {3}Plugin compile failed with error: .*plugin\.ts:1:/);
      await put('plugin.ts', source('onFullMoon() {}'));
      assert.match(await told('Waiting for changes'), /ERROR: .*onFullMoon/);
      await put('plugin.ts', source(''));
      await rm(join(directory, 'summary.ts'));
      assert.match(await told('Waiting for changes'), /ERROR: .*summary\.js/);
      assert.equal(await summary(), 'second', 'what was written before stays');

      await put('summary.ts', `export const summary = 'third';`);
      assert.match(await told('Waiting for changes'), /Plugin built to/);
      assert.equal(await summary(), 'third');
      watching.kill(signal);
      assert.equal((await watching).exitCode, exitCode);
    }).timeout(90_000);
  }

  it('ends at once with --watch where there is nothing to watch', async () => {
    const { exitCode, stderr } = await cli.run('plugin', 'compile', '--watch', join(cli.root, 'none'));
    assert.equal(exitCode, 255);
    assert.match(stderr, /^FATAL: {3}Compilation failed: ".*none" doesn't exist/);
  });
});

/** Resolves with all that was said since the last time, once this text was. */
function listen(running: ReturnType<Cli['start']>): (text: string) => Promise<string> {
  let said = '';
  let isOver = false;
  let wake = (): void => undefined;
  running.stderr?.on('data', (chunk) => {
    said += String(chunk);
    wake();
  });
  running.stderr?.on('end', () => {
    isOver = true;
    wake();
  });
  return async (text) => {
    while (!said.includes(text)) {
      if (isOver) assert.fail(`it ended without saying ${text}: ${said}`);
      await new Promise<void>((resolve) => (wake = resolve));
    }
    const end = said.indexOf(text) + text.length;
    const heard = said.slice(0, end);
    said = said.slice(end);
    return heard;
  };
}
