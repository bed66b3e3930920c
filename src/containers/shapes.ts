/** What is on disk of a container. Parsed whenever it is read: whoever wrote it may have been killed, or be of another version. */
import * as v from 'valibot';

export const RECORD_VERSION = 1;
/** A command line has at most 2 MiB on Linux; JSON may write a character as six. */
export const RECORD_BYTES_MAX = 16 * 1_048_576;
export const STATE_BYTES_MAX = 65_536;

/** The names of what is in a container's directory; see containers.ts. */
export const CONTAINER_FILES = {
  record: 'container.json',
  state: 'state.json',
  output: 'output.jsonl',
  writable: 'writable',
  input: 'input',
  monitor: 'monitor',
} as const;

/** 12 of `a-z0-9`, as a session's. */
export const containerId = v.pipe(v.string(), v.regex(/^[a-z0-9]{12}$/, 'must be 12 of a-z and 0-9'));

/** As docker's: what passes is a file name, a word of a shell, and shows itself on a terminal as it is. */
export const containerName = v.pipe(
  v.string(),
  v.regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,63}$/, 'must have 2 to 64 letters, digits, "_", "." and "-", and begin with a letter or digit'),
);

/** Of `constructor` and the like whoever reads a record would make nothing. */
export const labelKey = v.pipe(
  v.string(),
  v.regex(
    /^(?!(?:constructor|prototype)$)[a-zA-Z0-9][a-zA-Z0-9._/-]{0,127}$/,
    'a key has 1 to 128 letters, digits, ".", "_", "-" and "/", and begins with a letter or digit',
  ),
);
export const labelValue = v.pipe(v.string(), v.maxLength(4096, 'a value has at most 4096 characters'));
export const LABELS_MAX = 256;

const words = v.array(v.string());
const time = v.pipe(v.string(), v.isoTimestamp());
const digits = v.pipe(v.string(), v.regex(/^\d{1,20}$/));

/** A process for good: a pid is used again, after another boot, and in another namespace. */
const processReference = v.strictObject({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4_194_304)),
  /** Clock ticks from the boot to its start, from /proc/PID/stat. */
  startTicks: digits,
  /** The inode of the namespace that the pid is of. */
  pidNamespace: digits,
  bootId: v.pipe(v.string(), v.uuid()),
});
export type ProcessReference = v.InferOutput<typeof processReference>;

/** All that is needed to run it (again), as it was typed. */
const invocation = v.strictObject({
  /** What followed `run` or `create`: flags, image and command. */
  words,
  /** Of `--plugin-dir`, absolute. */
  pluginDirectories: words,
  /** Where it was typed. */
  cwd: v.string(),
});

export const containerRecord = v.strictObject({
  version: v.literal(RECORD_VERSION),
  id: containerId,
  name: v.optional(containerName),
  image: v.string(),
  command: words,
  labels: v.optional(v.record(labelKey, labelValue)),
  createdAt: time,
  /** It is removed when it ends. */
  autoRemove: v.boolean(),
  tty: v.boolean(),
  interactive: v.boolean(),
  /** A name or a path; the default one where absent. */
  runtime: v.optional(v.string()),
  invocation,
});
export type ContainerRecord = v.InferOutput<typeof containerRecord>;

export const containerState = v.strictObject({
  /** As it was written; what is true now says status.ts. */
  status: v.picklist(['created', 'starting', 'running', 'stopped']),
  /** Runs it, writes its state and its output; when it dies the container dies with it. */
  monitor: v.optional(processReference),
  /** PID 1 of the container's pid namespace, as seen on the host. */
  init: v.optional(processReference),
  command: v.optional(processReference),
  startedAt: v.optional(time),
  finishedAt: v.optional(time),
  exitCode: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255))),
  /** Why it ended, where that was no exit of its command. */
  reason: v.optional(v.pipe(v.string(), v.maxLength(4096))),
});
export type ContainerState = v.InferOutput<typeof containerState>;

/**
 * A line of `output.jsonl`: a part of what the container wrote, as it came; not always a whole line of its own. `text` where the bytes
 * are UTF-8, else `base64`.
 */
const outputOf = { time, stream: v.picklist(['stdout', 'stderr']) };
export const outputLine = v.union([
  v.strictObject({ ...outputOf, text: v.string() }),
  v.strictObject({ ...outputOf, base64: v.pipe(v.string(), v.base64()) }),
]);
export type OutputLine = v.InferOutput<typeof outputLine>;

/** Absolute paths; neither need be there. */
export interface ContainerRoots {
  readonly kept: string;
  readonly passing: string;
}

/** Where a container is, whatever is in it. */
export interface ContainerPlace {
  readonly id: string;
  readonly root: string;
  /** `root/id`. */
  readonly path: string;
}
