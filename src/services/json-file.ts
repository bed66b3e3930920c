/** Small files of the daemon and the keepers. Both write them in the midst of what must not wait, and a loss of power ends both. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { systemCodeOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';

const FILE_BYTES_MAX = 262_144;

/** Readers find the old file or the new one. One writer at a time. */
export function writeJson(file: string, value: object): void {
  const staged = `${file}.${process.pid}.staged`;
  writeFileSync(staged, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  renameSync(staged, file);
}

/** Undefined where there is none, or one that is not what we write: who killed us in the midst of it, or wrote it by hand. */
export async function findJson<Schema extends v.GenericSchema>(file: string, schema: Schema): Promise<v.InferOutput<Schema> | undefined> {
  try {
    const { bytes } = await readRegularFile(file, { bytesMax: FILE_BYTES_MAX, noFollow: true });
    return check(bytes, schema);
  } catch {
    return undefined;
  }
}

/** The same at once, for a file of a few hundred bytes. */
export function findJsonSync<Schema extends v.GenericSchema>(file: string, schema: Schema): v.InferOutput<Schema> | undefined {
  try {
    return check(readFileSync(file), schema);
  } catch (thrown) {
    if (systemCodeOf(thrown) === undefined) throw thrown;
    return undefined;
  }
}

export function removeFile(file: string): void {
  rmSync(file, { force: true });
}

function check<Schema extends v.GenericSchema>(bytes: Uint8Array, schema: Schema): v.InferOutput<Schema> | undefined {
  const parsed = parseBoundedJson(bytes);
  const checked = parsed.parsed ? v.safeParse(schema, parsed.value) : undefined;
  return checked?.success === true ? checked.output : undefined;
}
