/** Reads what the user typed: binds and environment. */
import { posix, resolve } from 'node:path';
import { bindInvalid, envInvalid } from './errors.js';
import type { Mount } from './shapes.js';

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/;

/** `SRC[:DST[:ro|rw]]`; a relative SRC counts from the current directory, DST is SRC's absolute path where absent. */
export function parseBind(bind: string, cwd: string = process.cwd()): Mount {
  const [typedSource = '', typedDestination, mode, ...rest] = bind.split(':');
  if (typedSource === '') throw bindInvalid(bind, 'it has no source');
  if (rest.length > 0) throw bindInvalid(bind, 'it has more than three parts');
  if (mode !== undefined && mode !== 'ro' && mode !== 'rw') throw bindInvalid(bind, `"${mode}" is neither "ro" nor "rw"`);
  const source = resolve(cwd, typedSource);
  const destination = typedDestination === undefined ? source : tidyDestination(bind, typedDestination);
  return { type: 'bind', source, destination, readOnly: mode === 'ro' };
}

/** `NAME=VALUE`, the last of a name wins. */
export function parseEnvironment(entries: readonly string[]): Record<string, string> {
  const environment = new Map<string, string>();
  for (const entry of entries) {
    const at = entry.indexOf('=');
    if (at < 0) throw envInvalid(entry, 'it must be NAME=VALUE');
    const name = entry.slice(0, at);
    refuseEnvironmentEntry(name, entry.slice(at + 1));
    environment.set(name, entry.slice(at + 1));
  }
  return Object.fromEntries(environment);
}

/** One rule for what users and plugins set: the names end up in a shell script and must not be able to be more than names. */
export function refuseEnvironmentEntry(name: string, value: string): void {
  if (!ENV_NAME.test(name)) throw envInvalid(name, 'a name is letters, digits and "_", and does not begin with a digit');
  if (value.includes('\0')) throw envInvalid(name, 'its value contains NUL');
}

/** Slashes too many are a slip; `..` is refused later, with all other destinations. */
function tidyDestination(bind: string, typed: string): string {
  if (!posix.isAbsolute(typed)) throw bindInvalid(bind, 'the destination must be an absolute path');
  const tidy = typed.replace(/\/+/g, '/');
  return tidy.length > 1 && tidy.endsWith('/') ? tidy.slice(0, -1) : tidy;
}
