/**
 * How to enter a container that runs: what its command was given, in the session, and the words that lead into its namespaces.
 *
 *      engine ── setpriv --pdeathsig KILL ▶ nsenter (all of PID 1's namespaces, its root, its working directory) ──▶ sh ──▶ … ▶ the command
 *
 * PID 1 is the engine's own shell: its root is the host's, where the programs are that lead further, and its working directory is the
 * container's root. From there the launcher takes the same last steps as for the container's command, with the same rights.
 */
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { parseBoundedJson } from '#base/bounded-json.js';
import { messageOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import { entranceInvalid } from '../errors.js';
import { RLIMIT_NAMES } from '../options.js';
import type { ContainerConfig } from '../shapes.js';
import type { Identity } from './identity.js';
import type { RuntimeProgram } from './runtime.js';

/** In the session: mode 0600, for it holds the environment. */
export const ENTRANCE_FILE = 'entrance.json';
const BYTES_MAX = 16 * 1_048_576;

const id = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 2));
const owner = v.strictObject({ uid: id, gid: id });
const limit = v.union([v.pipe(v.number(), v.integer(), v.minValue(0)), v.literal('unlimited')]);

const entrance = v.strictObject({
  identity: v.picklist(['root', 'fakeroot', 'user']),
  /** Whose container it is, on the host. */
  caller: owner,
  env: v.record(v.string(), v.string()),
  workingDirectory: v.string(),
  user: v.optional(owner),
  umask: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0o777))),
  capabilities: v.optional(v.record(v.string(), v.boolean())),
  /** What alone may start further commands; see RuntimeProgram. */
  program: v.optional(
    v.strictObject({
      name: v.pipe(v.string(), v.maxLength(4096)),
      path: v.pipe(v.string(), v.startsWith('/'), v.maxLength(4096)),
      args: v.pipe(v.array(v.string()), v.maxLength(256)),
      like: v.pipe(v.string(), v.maxLength(4096)),
      withoutCapabilities: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(64))), v.maxLength(64))),
    }),
  ),
  rlimits: v.optional(v.partial(v.strictObject(v.entriesFromList(RLIMIT_NAMES, v.strictObject({ soft: limit, hard: limit }))))),
});
export type Entrance = v.InferOutput<typeof entrance>;

/** The text of the file. */
export function writeEntrance(
  config: ContainerConfig,
  { identity, caller, program }: { identity: Identity; caller: Entrance['caller']; program: RuntimeProgram | undefined },
): string {
  const { env, workingDirectory, user, umask, capabilities, rlimits } = config;
  const { uid, gid } = caller;
  return JSON.stringify({ identity, caller: { uid, gid }, env, workingDirectory, user, umask, capabilities, rlimits, program });
}

/** The inverse of `writeEntrance`. Throws ENTRANCE_INVALID. */
export async function readEntrance(session: string): Promise<Entrance> {
  const file = join(session, ENTRANCE_FILE);
  const { bytes } = await readRegularFile(file, { bytesMax: BYTES_MAX, noFollow: true }).catch((thrown: unknown) => {
    throw entranceInvalid(messageOf(thrown), thrown);
  });
  const read = parseBoundedJson(bytes);
  if (!read.parsed) throw entranceInvalid(read.why);
  const { success, output, issues } = v.safeParse(entrance, read.value);
  if (!success) throw entranceInvalid(issues[0].message);
  return output;
}

const NAMESPACES = { user: '--user', mnt: '--mount', pid: '--pid', ipc: '--ipc', uts: '--uts', net: '--net', cgroup: '--cgroup' } as const;

/** `process` is a directory of /proc that was opened, e.g. `/proc/self/fd/5`: it never becomes another process's. */
export function enterNamespaces(nsenter: string, { pid, process }: { pid: number; process: string }): string[] {
  const names = Object.entries(NAMESPACES).filter(
    ([name]) => readlinkSync(`/proc/${pid}/ns/${name}`) !== readlinkSync(`/proc/self/ns/${name}`),
  );
  return [
    nsenter,
    ...names.map(([name, option]) => `${option}=${process}/ns/${name}`),
    ...['--preserve-credentials', `--root=${process}/root`, `--wd=${process}/cwd`, '--'],
  ];
}
