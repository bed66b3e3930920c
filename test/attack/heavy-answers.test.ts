import assert from 'node:assert/strict';
import { BulkheadError } from '#base/errors.js';
import { buildConfig, openTestHost, scriptOf } from '../helpers/compartment.js';

/**
 * Light to send, heavy to look at: the host reads an answer on its own thread, where no deadline ends it. So it must refuse
 * before it describes, copies or prints.
 */
const answers: Readonly<Record<string, string>> = {
  'a BigInt that takes a minute to print': '({ hostname: 1n << (1n << 27n) })',
  'an array of four billion holes': '({ command: new Array(2 ** 32 - 1) })',
  'a key of ten million characters': "({ ['k'.repeat(1e7)]: 1 })",
  'a text of twenty million characters': "({ hostname: 'x'.repeat(2e7) })",
  'objects nested two thousand deep': '(() => { let value = {}; for (let i = 0; i < 2000; i++) value = { value }; return value; })()',
  'an object that holds itself': '(() => { const value = {}; value.env = value; return value; })()',
  'two hundred thousand variables': "({ env: Object.fromEntries(Array.from({ length: 2e5 }, (_, i) => ['A' + i, ''])) })",
  'a Map': "({ env: new Map([['A', 'b']]) })",
  'a Date': '({ hostname: new (Object.getPrototypeOf(new Date(0)).constructor)(0) })',
};

describe('an answer that is light to send and heavy to look at', () => {
  for (const [title, answer] of Object.entries(answers)) {
    it(`is refused before its deadline, in few words: ${title}`, async () => {
      const { plugin, close } = await openTestHost({ deadlineMs: 60_000 });
      try {
        const startedAtMs = performance.now();
        const error: unknown = await plugin(scriptOf(`engineConfig() { return ${answer} }`))
          .ask('engineConfig', { config: buildConfig() })
          .then(
            () => assert.fail('was answered'),
            (thrown: unknown) => thrown,
          );
        assert.ok(error instanceof BulkheadError && error.kind === 'plugin', String(error));
        assert.ok(error.message.includes('"test/plugin"') && error.message.length < 1024 && JSON.stringify(error.data).length < 2048);
        assert.ok(performance.now() - startedAtMs < 50_000, 'not at the deadline');
      } finally {
        await close();
      }
    });
  }

  it('is taken when it is as large as a container may need', async () => {
    const { plugin, close } = await openTestHost();
    try {
      const answer = "({ env: Object.fromEntries(Array.from({ length: 4000 }, (_, i) => ['A' + i, 'x'.repeat(1000)])) })";
      const changes = await plugin(scriptOf(`engineConfig() { return ${answer} }`)).ask('engineConfig', { config: buildConfig() });
      assert.equal(Object.keys(changes?.env ?? {}).length, 4000);
    } finally {
      await close();
    }
  });
});
