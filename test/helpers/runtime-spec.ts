/** Holds what runs write for OCI runtimes against the JSON schema that the specification publishes. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const SCHEMAS = new URL('../fixtures/runtime-spec/', import.meta.url);
const ROOT_SCHEMA = 'config-schema.json';

/** Beside the events of a run. */
export function specFile(events: string): string {
  return `${events}.config.json`;
}

/** Of a container that runs; nothing where its runtime has no such file. */
export async function copySpec(runDirectory: string, id: string, target: string): Promise<void> {
  const file = await findSpec(runDirectory, id);
  if (existsSync(file)) await copyFile(file, target);
}

/** Of a container that runs. */
export async function assertSpecOf(runDirectory: string, id: string): Promise<void> {
  await checkSpec(await findSpec(runDirectory, id));
}

async function findSpec(runDirectory: string, id: string): Promise<string> {
  const name = (await readdir(runDirectory)).find((session) => session.startsWith(`${id}.`));
  return join(runDirectory, name ?? id, 'config.json');
}

/** Throws where the file is not as the specification wants it; a file that is not there is that of an embedded runtime. */
export async function checkSpec(file: string): Promise<void> {
  if (existsSync(file)) await assertValidSpec(JSON.parse(await readFile(file, 'utf8')));
}

let validate: ((value: unknown) => string | undefined) | undefined;

export async function assertValidSpec(spec: unknown): Promise<void> {
  validate ??= await compileSchemas();
  assert.equal(validate(spec), undefined, 'config.json is not as its schema says');
}

/** Late: what runs containers for tests has these functions too, and does not need this. */
async function compileSchemas(): Promise<NonNullable<typeof validate>> {
  const { default: Ajv } = await import('ajv-draft-04');
  const ajv = new Ajv.default({ allErrors: true, strict: false, validateFormats: false });
  for (const name of readdirSync(SCHEMAS).filter((name) => name.endsWith('.json') && name !== ROOT_SCHEMA))
    ajv.addSchema(readSchema(name), name);
  const check = ajv.compile(readSchema(ROOT_SCHEMA));
  return (spec) => (check(spec) ? undefined : ajv.errorsText(check.errors, { separator: '\n' }));
}

function readSchema(name: string): object {
  return JSON.parse(readFileSync(new URL(name, SCHEMAS), 'utf8')) as object;
}
