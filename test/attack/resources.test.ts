import assert from 'node:assert/strict';
import type { BulkheadError } from '#base/errors.js';
import { buildConfig, describeTiers, scriptOf } from '../helpers/compartment.js';

/** Ways to use up what is shared. Each ends the call, and the host answers the next one. */
const bodies: Readonly<Record<string, string>> = {
  'an endless loop': 'for (;;);',
  'an endless loop in a finally': 'for (;;) { try { throw 1 } finally { continue } }',
  'a flood of microtasks': 'const flood = () => Promise.resolve().then(flood); return flood()',
  'a promise that never settles': 'return new Promise(() => undefined)',
  'a thenable that never calls back': 'return { then() {} }',
  'a regular expression that backtracks': 'return { env: { R: String(/^(a+)+$/.test("a".repeat(40) + "b")) } }',
  'a power of big integers': 'return { env: { R: String(2n ** 2n ** 40n) } }',
  'a recursion that catches its overflow': 'const dive = () => { try { dive() } catch { dive() } }; dive(); for (;;);',
  'an error whose message never comes': 'throw { get message() { for (;;); } }',
  'many small objects': 'const all = []; for (;;) all.push({ a: [1, 2, 3] })',
  'a rejection that nobody handles': 'Promise.reject(new Error("nobody handles this")); return new Promise(() => undefined)',
};

describeTiers('a plugin that uses up what is shared', (open) => {
  for (const [title, body] of Object.entries(bodies)) {
    it(`ends its own call: ${title}`, async () => {
      const scene = await open({ deadlineMs: 700 });
      try {
        const plugin = scene.plugin(
          scriptOf(`engineConfig({ config }) { if (config.image === 'benign:') return { env: { OK: '1' } }; ${body} }`),
        );
        await assert.rejects(plugin.ask('engineConfig', { config: buildConfig() }), (error: BulkheadError) => {
          assert.equal(error.kind, 'plugin');
          assert.match(error.code, /^(?:DEADLINE_MISSED|COMPARTMENT_ENDED|PLUGIN_THREW|PLUGIN_FAULT)$/);
          return true;
        });
        const answer = await plugin.ask('engineConfig', { config: buildConfig({ image: 'benign:' }) });
        assert.deepEqual(answer, { env: { OK: '1' } });
      } finally {
        await scene.close();
      }
    });
  }
});
