import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { callbackNames } from '@bulkhead/plugin-sdk/contract';
import { repository } from '../helpers/cli.js';
import { buildConfig } from '../helpers/compartment.js';

describe('README.md', () => {
  it('shows a plugin that works', async () => {
    const readme = await readFile(join(repository, 'README.md'), 'utf8');
    const [, example = assert.fail('no ts block')] = /```ts\n([^]*?)```/.exec(readme) ?? [];
    const directory = await mkdtemp(join(tmpdir(), 'bulkhead-readme-'));
    try {
      await writeFile(join(directory, 'plugin.ts'), example);
      const plugin = await openTestPlugin(directory, { env: { SLURM_JOB_ID: '17' } });
      try {
        assert.deepEqual(await plugin.call('engineConfig', { config: buildConfig() }), {
          mounts: [{ type: 'bind', source: '/scratch/17', destination: '/scratch' }],
          env: { SCRATCH: '/scratch' },
        });
      } finally {
        await plugin.close();
      }
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('has a row for each callback', async () => {
    const readme = await readFile(join(repository, 'README.md'), 'utf8');
    for (const name of callbackNames) assert.ok(readme.includes(`| \`${name === 'command' ? 'commands' : name}\``), name);
  });

  it('names commands of npm that exist', async () => {
    const readme = await readFile(join(repository, 'README.md'), 'utf8');
    const { scripts } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    for (const [, name = ''] of readme.matchAll(/npm (?:run )?(start|test|check)\b/g)) assert.ok(name in scripts, name);
  });
});
