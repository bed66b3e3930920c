import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../helpers/cli.js';
import { buildConfig, describeTiers, scriptOf } from '../helpers/compartment.js';

describeTiers('the globals of a compartment', (open) => {
  it('are those that plugin-sdk/realm.d.ts shows to authors', async () => {
    const scene = await open();
    try {
      const script = scriptOf(`engineConfig: () => ({ env: { R: Object.getOwnPropertyNames(globalThis).sort().join(' ') } })`);
      const answer = await scene.plugin(script).ask('engineConfig', { config: buildConfig() });
      assert.deepEqual(answer?.env?.['R']?.split(' '), readRealm());
    } finally {
      await scene.close();
    }
  });
});

function readRealm(): string[] {
  const text = readFileSync(join(repository, 'plugin-sdk/realm.d.ts'), 'utf8');
  const language = /Of the language: ([^.]*)\./.exec(text)?.[1]?.split(/[\s*]+/) ?? [];
  const declared = [...text.matchAll(/^declare (?:const|function|class) (\w+)/gm)].map(([, name = '']) => name);
  return [...language, ...declared].sort();
}
