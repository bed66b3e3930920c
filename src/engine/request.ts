/** Reads what the user typed: binds and environment. */
import { posix, resolve } from 'node:path';
import { bindInvalid, destinationRelative, envInvalid } from './errors.js';
import type { Mount } from './shapes.js';

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/;

const GUARDS = ['nosuid', 'nodev', 'noexec'] as const;
const BIND_OPTIONS: readonly string[] = ['ro', 'rw', 'optional', ...GUARDS];

/** `SRC[:DST[:OPTION,…]]`; a relative SRC counts from the current directory, DST is SRC's absolute path where absent. */
export function parseBind(bind: string, cwd: string = process.cwd()): Mount {
  const [typedSource = '', typedDestination, typedOptions, ...rest] = bind.split(':');
  if (typedSource === '') throw bindInvalid(bind, 'it has no source');
  if (rest.length > 0) throw bindInvalid(bind, 'it has more than three parts');
  const options = typedOptions?.split(',') ?? [];
  const unknown = options.find((option) => !BIND_OPTIONS.includes(option));
  if (unknown !== undefined) throw bindInvalid(bind, `"${unknown}" is none of ${BIND_OPTIONS.join(', ')}`);
  if (options.includes('ro') && options.includes('rw')) throw bindInvalid(bind, 'it is "ro" and "rw" at once');
  const source = resolve(cwd, typedSource);
  const destination = typedDestination === undefined ? source : tidyDestination(`--bind ${bind}`, typedDestination);
  const guards = GUARDS.filter((guard) => options.includes(guard));
  return {
    type: 'bind',
    source,
    destination,
    readOnly: options.includes('ro'),
    ...(options.includes('optional') ? { optional: true } : {}),
    ...(guards.length === 0 ? {} : { options: guards }),
  };
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

/** `option` is the flag as typed. Slashes too many are a slip; `..` is refused later, with all other destinations. */
export function tidyDestination(option: string, typed: string): string {
  if (!posix.isAbsolute(typed)) throw destinationRelative(option, typed);
  const tidy = typed.replace(/\/+/g, '/');
  return tidy.length > 1 && tidy.endsWith('/') ? tidy.slice(0, -1) : tidy;
}
