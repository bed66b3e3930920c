import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { before, describe, it } from 'mocha';
import { apiDirectory, computeApi } from '../../scripts/api.js';

describe('the types that authors rely on', () => {
  let api: Map<string, string>;
  before(async () => {
    api = await computeApi();
  });

  it('are those of plugin-sdk/api, and no other file is there', async () => {
    assert.deepEqual((await readdir(apiDirectory)).toSorted(), [...api.keys()].toSorted());
  });

  it('have not changed (where you want the change: npm run api, and look at the difference)', async () => {
    for (const [name, text] of api) assert.equal(await readFile(`${apiDirectory}/${name}`, 'utf8'), text, name);
  });
});
