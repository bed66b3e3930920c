import assert from 'node:assert/strict';
import { findNearest } from '#base/nearest.js';

describe('the word that was meant', () => {
  const known = ['embedded', 'crun', 'runc', 'sandboxd'];

  it('is one that differs by a letter that is missing, too many, another, or in another place', () => {
    for (const typed of ['sandbxd', 'sandboxxd', 'sandboxs', 'snadboxd', 'SANDBOXD']) assert.equal(findNearest(typed, known), 'sandboxd');
    assert.equal(findNearest('curn', known), 'crun');
  });

  it('is the nearest of several, and none where all are far', () => {
    assert.equal(findNearest('runcc', known), 'runc');
    assert.equal(findNearest('kata', known), undefined);
    assert.equal(findNearest('', known), undefined);
    assert.equal(findNearest('x', []), undefined);
  });
});
