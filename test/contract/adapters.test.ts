import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { toJsonSchema } from '@valibot/to-json-schema';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { adapters, callbacks, findAdapter, type CallbackName } from '@bulkhead/plugin-sdk/contract';
import { buildConfig } from '../helpers/compartment.js';

/** What a host of that contract would have computed, as scripts/contract.ts does for this one. */
function digestOf({ callbacks: table }: (typeof adapters)[number]): string {
  const describeSchema = (schema: v.GenericSchema) => ({
    isOptional: schema.type === 'optional' || schema.type === 'undefined',
    json: toJsonSchema(schema, { overrideSchema: ({ valibotSchema }) => (valibotSchema.type === 'undefined' ? { not: {} } : undefined) }),
  });
  const rows = Object.entries(table)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { input, output }]) => [name, describeSchema(input), describeSchema(output)]);
  return `sha256:${createHash('sha256').update(JSON.stringify(rows)).digest('hex')}`;
}

describe('the adapters of older contracts', () => {
  for (const adapter of adapters) {
    const { generation, stamp, callbacks: table } = adapter;

    it(`${generation} is frozen: its schemas are those of its digest`, () => {
      assert.equal(stamp.digest, digestOf(adapter));
    });

    it(`${generation} serves the callbacks of its stamp, which are callbacks of this host`, () => {
      assert.deepEqual(Object.keys(table), Object.keys(stamp.callbacks));
      for (const name of Object.keys(table)) assert.ok(name in callbacks, name);
      assert.equal(findAdapter(stamp.version), adapter);
    });
  }

  it('are not for versions that only begin alike', () => {
    for (const version of ['0.90.0', '0.8.0', '1.0.0', '10.9.0']) assert.equal(findAdapter(version), undefined);
  });

  describe('0.9', () => {
    const { engineConfig = assert.fail() } = findAdapter('0.9.0')?.callbacks ?? {};
    const output = (name: CallbackName): v.GenericSchema => callbacks[name].output as v.GenericSchema;

    it('is asked with binds, and without what it had no word for', () => {
      const mounts = [
        { type: 'bind', source: '/a', destination: '/b', readOnly: true },
        { type: 'tmpfs', destination: '/tmp' },
      ] as const;
      const question = engineConfig.toPlugin({ config: buildConfig({ mounts: [...mounts], umask: 0o22 }) });
      const binds = [{ source: '/a', destination: '/b', readOnly: true }];
      assert.deepEqual(v.parse(engineConfig.input, question), {
        config: { image: 'host:', command: ['true'], env: { PATH: '/bin' }, binds, workingDirectory: '/', readOnly: false },
      });
    });

    it('answers with binds, which become mounts', () => {
      const answer = v.parse(engineConfig.output, { binds: [{ source: '/a', destination: '/b' }], env: { A: 'b' } });
      const changes = { mounts: [{ type: 'bind', source: '/a', destination: '/b' }], env: { A: 'b' } };
      assert.deepEqual(v.parse(output('engineConfig'), engineConfig.toHost(answer)), changes);
      assert.equal(engineConfig.toHost(undefined), undefined);
    });

    it('cannot answer with what came later', () => {
      for (const answer of [{ mounts: [] }, { umask: 0 }, { env: { A: null } }]) assert.equal(v.is(engineConfig.output, answer), false);
    });
  });
});
