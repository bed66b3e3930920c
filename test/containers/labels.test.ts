import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { openContainer, parseFilters, requireLabels } from '#containers/containers.js';
import { openShelf } from './fixtures/shelf.js';

const many = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, '']));

describe('labels of containers', () => {
  it('are read as they were given', async () => {
    const shelf = await openShelf();
    try {
      const labels = { 'example.com/job': '47=11', 'a-b_c.d': '', x: 'two\nlines \u001b[2J' };
      const { record } = await openContainer(await shelf.create({ labels }));
      assert.deepEqual(record.labels, labels);
      await assert.rejects(shelf.create({ labels: { '-x': '' } }), { code: 'LABEL_INVALID' });
    } finally {
      await shelf.close();
    }
  });

  it('are bounded in number and size, and no key is one that a reader would leave out', () => {
    for (const labels of [{}, many(256), { ['k'.repeat(128)]: 'v'.repeat(4096) }]) requireLabels(labels);
    for (const labels of [
      many(257),
      { ['k'.repeat(129)]: '' },
      { key: 'v'.repeat(4097) },
      { '': 'v' },
      { 'a b': '' },
      { constructor: 'v' },
      JSON.parse('{ "__proto__": "v" }') as Record<string, string>,
    ])
      assert.throws(() => requireLabels(labels), { code: 'LABEL_INVALID' }, JSON.stringify(labels).slice(0, 80));
  });
});

describe('filters of containers', () => {
  const container = { name: 'web-1', labels: { job: '47=11', bare: '' }, status: 'running' } as const;
  const isMeant = (...filters: string[]): boolean => parseFilters(filters).isMeant(container);

  it('let pass what passes each of them', () => {
    assert.ok(isMeant());
    for (const filter of ['label=job', 'label=job=47=11', 'label=bare', 'label=bare=', 'name=eb-', 'status=running'])
      assert.ok(isMeant(filter), filter);
    for (const filter of ['label=47', 'label=job=47', 'label=bare=x', 'label=toString', 'name=db', 'status=stopped'])
      assert.ok(!isMeant(filter), filter);
    assert.ok(isMeant('label=job', 'name=web'));
    assert.ok(!isMeant('label=job', 'name=db'));
    assert.ok(!parseFilters(['label=job']).isMeant({ name: undefined, labels: undefined, status: 'running' }));
  });

  it('say whether they name a status', () => {
    assert.deepEqual([parseFilters(['label=status=1']).namesStatus, parseFilters(['status=created']).namesStatus], [false, true]);
  });

  it('are refused where there is none of that name, or nothing to look for', () => {
    for (const filter of ['', 'label', 'colour=red', 'status=', 'status=dead', 'name=', 'toString=x'])
      assert.throws(() => parseFilters([filter]), { code: 'FILTER_INVALID' }, filter);
  });
});
