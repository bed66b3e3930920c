import assert from 'node:assert/strict';
import { toJsonSchema } from '@valibot/to-json-schema';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { callbacks, contractStamp, permissions, pluginDescription, powers } from '@bulkhead/plugin-sdk/contract';

const node = v.record(v.string(), v.unknown());
type Node = v.InferOutput<typeof node>;

/** All that may cross, and what is read out of a package. */
const schemas: [string, v.GenericSchema][] = [
  ...Object.entries({ ...callbacks, ...powers }).flatMap(([name, { input, output }]): [string, v.GenericSchema][] => [
    [`${name}.input`, input],
    [`${name}.output`, output],
  ]),
  ['permissions', permissions],
  ['contractStamp', contractStamp],
  ['pluginDescription', pluginDescription],
];

describe('the schemas of the contract', () => {
  for (const [name, schema] of schemas) {
    it(`bound every text, list and record of ${name}`, () => {
      assert.deepEqual(findUnbounded(describeSchema(schema), name), []);
    });
  }
});

describe('the search for what has no bound', () => {
  const unbounded: [string, v.GenericSchema][] = [
    ['a text', v.string()],
    ['a text with an endless pattern', v.pipe(v.string(), v.regex(/^[a-z]+$/))],
    ['a list', v.array(v.boolean())],
    ['what a list holds', v.pipe(v.array(v.string()), v.maxLength(3))],
    ['a record', v.record(v.pipe(v.string(), v.maxLength(3)), v.boolean())],
    ['the keys of a record', v.pipe(v.record(v.string(), v.boolean()), v.maxEntries(3))],
    ['a field', v.strictObject({ deep: v.strictObject({ text: v.optional(v.string()) }) })],
    ['one of several', v.union([v.boolean(), v.string()])],
    ['fields that nobody named', v.looseObject({})],
    ['anything', v.strictObject({ any: v.unknown() })],
  ];
  for (const [what, schema] of unbounded) {
    it(`finds ${what}`, () => {
      assert.equal(findUnbounded(describeSchema(schema), 'it').length, 1);
    });
  }

  it('finds nothing where all is bounded', () => {
    const row = v.strictObject({ id: v.pipe(v.string(), v.regex(/^[a-z+*]{12}$/)), kind: v.picklist(['a', 'b']), size: v.number() });
    assert.deepEqual(findUnbounded(describeSchema(v.pipe(v.array(row), v.maxLength(3))), 'it'), []);
  });
});

/** Bytes are bounded by the function that checks them: test/contract/image-shapes.test.ts. */
function nothingOrBytes(type: string): { not: object } | { const: string } | undefined {
  if (type === 'undefined') return { not: {} };
  return type === 'custom' ? { const: 'bytes' } : undefined;
}

function describeSchema(schema: v.GenericSchema): unknown {
  return toJsonSchema(schema, { overrideSchema: ({ valibotSchema }) => nothingOrBytes(valibotSchema.type) });
}

/** Where in the schema something may be of any size: `engineConfig.input.config.env: keys: text`. */
function findUnbounded(value: unknown, at: string): string[] {
  if (value === undefined || value === false) return [];
  const schema = v.parse(node, value);
  const parts = [...inList(schema['anyOf'], at), ...inList(schema['oneOf'], at), ...inList(schema['allOf'], at)];
  if (parts.length > 0 || schema['not'] || 'const' in schema || 'enum' in schema)
    return parts.flatMap(([path, part]) => findUnbounded(part, path));
  switch (schema['type']) {
    case 'boolean':
    case 'number':
    case 'integer':
    case 'null':
      return [];
    case 'string':
      return 'maxLength' in schema || endsByItself(schema['pattern']) ? [] : [`${at}: text`];
    case 'array':
      return [...('maxItems' in schema ? [] : [`${at}: list`]), ...findUnbounded(schema['items'], `${at}[]`)];
    case 'object':
      return inObject(schema, at);
    default:
      return [`${at}: anything`];
  }
}

function inObject(schema: Node, at: string): string[] {
  const fields = Object.entries(v.parse(node, schema['properties'] ?? {})).flatMap(([name, field]) =>
    findUnbounded(field, `${at}.${name}`),
  );
  if (schema['additionalProperties'] === false) return fields;
  if (!('maxProperties' in schema)) return [...fields, `${at}: record`];
  return [
    ...fields,
    ...findUnbounded(schema['propertyNames'] ?? { type: 'string' }, `${at}: keys`),
    ...findUnbounded(schema['additionalProperties'], `${at}: values`),
  ];
}

function inList(value: unknown, at: string): [string, unknown][] {
  return v.parse(v.array(v.unknown()), value ?? []).map((part, index) => [`${at}|${index}`, part]);
}

/** A pattern ends by itself where it repeats nothing without end; `+` and `*` between brackets are letters. */
function endsByItself(pattern: unknown): boolean {
  if (typeof pattern !== 'string') return false;
  const outsideBrackets = pattern.replace(/\[(?:\\.|[^\]\\])*\]/g, '').replace(/\\./g, '');
  return /^\^.*\$$/.test(pattern) && !/[*+]|\{\d+,\}/.test(outsideBrackets);
}
