/**
 * Which bundles are disabled. A bundle has no receipt that could say so, and what is in it belongs to whoever placed it: so one file
 * beside them says it, and changes as everything in a plugin directory does, under the lock.
 *
 *   <plugin directory>/bundles.json   0644, { "format": 1, "disabled": ["hydra"] }; not there where none is
 */
import { BulkheadError, messageOf, systemCodeOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import * as v from 'valibot';
import { changeDirectory, explainFailure } from '../change.js';
import { bundlesFile } from '../layout.js';
import { removeIfThere, writeStaged } from '../staged-file.js';
import { findDistrust } from '../trust.js';
import { namePattern } from './bundle.js';
import { bundleErrors } from './errors.js';

const BYTES_MAX = 1_048_576;
const FORMAT = 1;

const schema = v.strictObject({
  format: v.literal(FORMAT),
  disabled: v.pipe(v.array(v.pipe(v.string(), v.regex(namePattern))), v.maxLength(4096)),
});

/** Throws where the file is damaged or not to be trusted: what was disabled must not come back because of that. */
export async function readDisabled(directory: string, uid: number): Promise<ReadonlySet<string>> {
  const file = bundlesFile(directory);
  try {
    const read = await readRegularFile(file, { bytesMax: BYTES_MAX, noFollow: true });
    const distrust = findDistrust(read, uid);
    if (distrust !== undefined) throw bundleErrors.switchesUnreadable(file, distrust);
    return new Set(v.parse(schema, JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(read.bytes))).disabled);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return new Set();
    throw error instanceof BulkheadError && error.code === 'BUNDLE_SWITCHES_INVALID'
      ? error
      : bundleErrors.switchesUnreadable(file, messageOf(error));
  }
}

/** Answers whether that changed anything. */
export async function setBundleEnabled(
  name: string,
  enabled: boolean,
  { directory, uid }: { readonly directory: string; readonly uid: number },
): Promise<boolean> {
  return explainFailure(enabled ? 'enable' : 'disable', async () => {
    if ((await readDisabled(directory, uid)).has(name) !== enabled) return false;
    return changeDirectory(directory, uid, async (lease) => {
      const disabled = new Set(await readDisabled(directory, uid));
      if (enabled) disabled.delete(name);
      else disabled.add(name);
      const text = `${JSON.stringify({ format: FORMAT, disabled: [...disabled].toSorted() })}\n`;
      lease.requireHeld();
      if (disabled.size === 0) await removeIfThere(bundlesFile(directory));
      else await writeStaged(bundlesFile(directory), new TextEncoder().encode(text));
      return true;
    });
  });
}
