/**
 * `npm run protocol`: writes docs/services-protocol.schema.json, what host and program say to each other, as JSON Schema (draft 7) out of the
 * schemas that check it. `test/docs/services-protocol.test.ts` fails while it has not been run.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toJsonSchema } from '@valibot/to-json-schema';
import { is, nullable, type GenericSchema } from 'valibot';
import { serviceTypes } from '../src/catalog/catalog.js';
import { helloAnswer, helloQuestion } from '../src/services/services.js';
import { callbacks, CONTRACT } from '../plugin-sdk/contract/contract.js';

export const protocolFile = fileURLToPath(new URL('../docs/services-protocol.schema.json', import.meta.url));

type Method = Readonly<Record<'input' | 'output', GenericSchema>>;

/** Of a program there is asked what is named as its services are. */
function listMethods(): [string, Method][] {
  const asked = Object.entries<Method>(callbacks).filter(([name]) => (serviceTypes as readonly string[]).includes(name));
  return [['hello', { input: helloQuestion, output: helloAnswer }], ...asked];
}

/** `#/definitions/METHOD.params` and `#/definitions/METHOD.result`. */
export function computeProtocol(): object {
  const definitions = listMethods().flatMap(([name, { input, output }]) => [
    [`${name}.params`, describe(input)],
    // JSON has no other word for nothing.
    [`${name}.result`, describe(is(output, undefined) ? nullable(output) : output)],
  ]);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `The params and results of what Bulkhead asks the programs of services, contract ${CONTRACT.version}`,
    definitions: Object.fromEntries(definitions) as object,
  };
}

function describe(schema: GenericSchema): object {
  const { $schema: _, ...rest } = toJsonSchema(schema);
  return rest;
}

export function formatProtocol(): string {
  return `${JSON.stringify(computeProtocol(), null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(protocolFile, formatProtocol());
