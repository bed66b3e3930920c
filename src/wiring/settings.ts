import { pluginName } from '@bulkhead/plugin-sdk/contract';
import { readFile } from 'node:fs/promises';
import { parse } from 'smol-toml';
import * as v from 'valibot';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { budgetSettings } from '#host/host.js';
import { wiringErrors } from './errors.js';

/**
 * The operator's configuration, `bulkhead.toml`:
 *
 *   version-lock = "range"   # or "exact": only plugins built against exactly this host's contract
 *   required-plugins = ["example.com/audit"]   # no container starts without these, installed for everybody, enabled and well
 *   [budgets]                # how much plugins may use: docs/limits.md
 */
const settingsSchema = v.strictObject({
  'version-lock': v.optional(v.picklist(['range', 'exact']), 'range'),
  'required-plugins': v.optional(v.pipe(v.array(pluginName), v.maxLength(64)), []),
  budgets: v.optional(budgetSettings, {}),
});
export type Settings = v.InferOutput<typeof settingsSchema>;

/** A file that is not there means the defaults; one that is wrong is an error, never the defaults. */
export async function readSettings(file: string): Promise<Settings> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') return '';
    throw wiringErrors.configUnreadable(file, systemCodeOf(error) ?? messageOf(error), error);
  });
  const checked = v.safeParse(settingsSchema, parseToml(file, text), { abortEarly: true });
  if (checked.success) return checked.output;
  const issue = checked.issues[0];
  throw wiringErrors.configUnreadable(file, `${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
}

function parseToml(file: string, text: string): unknown {
  try {
    return { ...parse(text) };
  } catch (error) {
    throw wiringErrors.configUnreadable(file, messageOf(error), error);
  }
}
