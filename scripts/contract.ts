/**
 * `npm run contract`: writes what the version lock compares, `plugin-sdk/contract/lock.generated.ts`, out of the schemas.
 *
 * A version, once written, means one set of schemas for ever: `plugin-sdk/contract/history.json` remembers the digest of each
 * version, and this refuses to give an old version a new digest. `test/contract/lock.test.ts` fails while it has not been run.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { callbacks, CONTRACT_VERSION, powers } from '../plugin-sdk/contract/contract.js';
import type { ContractStamp } from '../plugin-sdk/contract/contract.js';

const lockFile = fileURLToPath(new URL('../plugin-sdk/contract/lock.generated.ts', import.meta.url));
const historyFile = fileURLToPath(new URL('../plugin-sdk/contract/history.json', import.meta.url));

export type ContractHistory = Record<string, string>;

export function computeContract(): ContractStamp {
  const rows = (table: Record<string, { version: string; answers?: string; input: GenericSchema; output: GenericSchema }>) =>
    Object.entries(table)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { version, answers, input, output }]) => [name, version, answers, describeSchema(input), describeSchema(output)]);
  const all = JSON.stringify([rows(callbacks), rows(powers)]);
  return {
    version: CONTRACT_VERSION,
    digest: `sha256:${createHash('sha256').update(all).digest('hex')}`,
    callbacks: versionsOf(callbacks),
    powers: versionsOf(powers),
  };
}

function describeSchema(schema: GenericSchema): unknown {
  // JSON Schema has no "undefined"; an output that must be absent is written as one that matches nothing.
  // Nor does it say of the outermost schema whether the value may be absent.
  const isOptional = schema.type === 'optional' || schema.type === 'undefined';
  const json = toJsonSchema(schema, {
    overrideSchema: ({ valibotSchema }) => describeUnknown(valibotSchema),
  });
  return { isOptional, json };
}

/** What JSON cannot say: nothing at all, and bytes, of which the message of their schema tells the bound. */
function describeUnknown(schema: { readonly type: string; readonly message?: unknown }): { not: object } | { const: string } | undefined {
  if (schema.type === 'undefined') return { not: {} };
  return schema.type === 'custom' ? { const: String(schema.message) } : undefined;
}

function versionsOf(table: Record<string, { version: string }>): Record<string, string> {
  return Object.fromEntries(Object.entries(table).map(([name, { version }]) => [name, version]));
}

export function readHistory(): ContractHistory {
  return JSON.parse(readFileSync(historyFile, 'utf8')) as ContractHistory;
}

/** Adds the contract to the history; throws where its version already means something else. */
export function recordContract(history: ContractHistory, { version, digest }: ContractStamp): ContractHistory {
  const known = history[version];
  if (known !== undefined && known !== digest) {
    throw new Error(
      `Cannot record contract ${version}: its schemas have changed since it was published. Raise CONTRACT_VERSION in plugin-sdk/contract/contract.ts`,
    );
  }
  return { ...history, [version]: digest };
}

function main(): void {
  const contract = computeContract();
  const history = recordContract(readHistory(), contract);
  writeFileSync(historyFile, `${JSON.stringify(history, null, 2)}\n`);
  writeFileSync(
    lockFile,
    `// Written by \`npm run contract\`; do not edit.\nimport type { ContractStamp } from './description.js';\n\n` +
      `export const CONTRACT: ContractStamp = ${JSON.stringify(contract, null, 2)};\n`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
