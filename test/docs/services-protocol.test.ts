import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, it } from 'mocha';
import { callbacks, CONTRACT } from '@bulkhead/plugin-sdk/contract';
import { computeProtocol, formatProtocol, protocolFile } from '../../scripts/services-protocol.js';

interface Message {
  readonly id: number;
  readonly method?: string;
  readonly params?: object;
  readonly result?: object;
}

const page = readFileSync('docs/services-protocol.md', 'utf8');
const transcript = (/```json\n([^]*?)```/.exec(page)?.[1] ?? '')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Message);

describe('the JSON Schema of the protocol of services', () => {
  const ajv = new Ajv({ strict: false, unicodeRegExp: false }).addSchema(computeProtocol(), 'protocol');
  const schemaOf = (name: string): ValidateFunction => ajv.getSchema(`protocol#/definitions/${name}`) ?? assert.fail(`there is no ${name}`);

  it('is that of the schemas that check it (where you want the change: npm run protocol)', () => {
    assert.equal(readFileSync(protocolFile, 'utf8'), formatProtocol());
  });

  it('fits what is said in the documentation, question by question', () => {
    assert.deepEqual(
      transcript.map(({ id, method }) => [id, method]),
      [
        [1, 'hello'],
        [1, undefined],
        [2, 'runtime'],
        [2, undefined],
      ],
    );
    for (const { id, method, params, result } of transcript) {
      const asked = transcript.find((message) => message.id === id)?.method ?? '';
      const schema = schemaOf(method === undefined ? `${asked}.result` : `${asked}.params`);
      assert.ok(schema(params ?? result), JSON.stringify(schema.errors));
    }
  });

  it('does not fit what the host would not let pass', () => {
    const result = schemaOf('runtime.result');
    for (const answer of [{ program: 'bin/crun' }, { program: 'crun', mounts: [] }, { refuse: '' }, {}, 'crun', null])
      assert.ok(!result(answer));
    assert.ok(!schemaOf('hello.result')({ protocol: 1, contract: { version: 'latest', callbacks: {} } }));
  });

  it('tells the page the versions and deadlines of the contract', () => {
    const [hello] = transcript;
    const { contract } = hello?.params as { contract: { version: string; digest: string; callbacks: Record<string, string> } };
    assert.equal(contract.version, CONTRACT.version);
    assert.equal(contract.callbacks['runtime'], CONTRACT.callbacks['runtime']);
    assert.match(page, new RegExp(`^\\| \`runtime\` .*\\| ${callbacks.runtime.deadlineMs / 1000} s +\\|$`, 'm'));
  });
});
