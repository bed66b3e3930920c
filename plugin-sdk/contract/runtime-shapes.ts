/**
 * What a plugin that provides a runtime is asked, and what it answers. It starts nothing itself: it says which program is to be run, which
 * speaks the command line of OCI runtimes, and the host runs it in the container's own chain, so that it ends with the container.
 */
import * as v from 'valibot';
import { absolutePath, commandLine, envName, text } from './shapes.js';

/** As in `run --runtime NAME`. */
export const runtimeName = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9._-]{0,62}$/, 'must be a lower-case letter, and then at most 62 of them, digits, ".", "_" and "-"'),
);

/** A program: by its path, or by the name under which the host or its operator knows an OCI runtime, such as `crun`. */
export const runtimeProgram = v.union([absolutePath, runtimeName]);

const capability = v.pipe(v.string(), v.regex(/^CAP_[A-Z_]{2,32}$/, 'must be a capability such as CAP_NET_RAW'));
const capabilities = v.pipe(v.array(capability), v.maxLength(64));
const systemCall = v.pipe(v.string(), v.regex(/^[a-z0-9_]{1,64}$/, 'must be the name of a system call'));
const id = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(4_294_967_294));
const limit = v.union([v.pipe(v.number(), v.safeInteger(), v.minValue(0)), v.literal('unlimited')]);
const paths = v.pipe(v.array(absolutePath), v.maxLength(64));

/**
 * The `config.json` with which the container would be run, as data: the keys of the OCI runtime specification that mean something here.
 * Of the environment there are the names alone; the root file system is mounted already, and where it is the host keeps to itself.
 */
export const runtimeConfig = v.strictObject({
  process: v.strictObject({
    terminal: v.boolean(),
    user: v.strictObject({ uid: id, gid: id, umask: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0o777)) }),
    args: commandLine,
    envNames: v.pipe(v.array(envName), v.maxLength(4096)),
    cwd: absolutePath,
    capabilities,
    rlimits: v.pipe(v.array(v.strictObject({ type: v.pipe(v.string(), v.maxLength(32)), soft: limit, hard: limit })), v.maxLength(32)),
  }),
  linux: v.strictObject({
    /** Those that the program makes; all others are made by then. */
    namespaces: v.pipe(v.array(v.picklist(['mount', 'user'])), v.maxLength(2)),
    /** Whether system calls are filtered. */
    seccomp: v.boolean(),
  }),
});
export type RuntimeConfig = v.InferOutput<typeof runtimeConfig>;

export const runtimeQuestion = v.strictObject({
  runtime: runtimeName,
  container: v.strictObject({
    id: v.pipe(v.string(), v.regex(/^[a-z0-9]{12}$/)),
    image: text,
    /** root: as on the host · fakeroot: uid 0 of a user namespace, the caller outside · user: the caller's own uid, or another, in one. */
    identity: v.picklist(['root', 'fakeroot', 'user']),
  }),
  config: runtimeConfig,
});
export type RuntimeQuestion = v.InferOutput<typeof runtimeQuestion>;

/**
 * `{session}` in it becomes the directory of the container's session, which the program must be able to write to, and which holds its
 * state, its log and the root file system; `{id}` the container's id.
 */
const programArguments = v.pipe(
  v.array(v.pipe(v.string(), v.maxLength(4096), v.regex(/^[^\0\r\n]*$/, 'must not contain NUL or line breaks'))),
  v.maxLength(128),
);

/** All that can be said takes away: a plugin cannot give a container more than its user asked for and the host allows. */
export const runtimeChanges = v.strictObject({
  /** The command, and what it starts, never has these. */
  dropCapabilities: v.optional(capabilities),
  /** They fail with EPERM. */
  refuseSystemCalls: v.optional(v.pipe(v.array(systemCall), v.maxLength(256))),
  /** Of the container; they are there and show nothing. */
  hide: v.optional(paths),
  /** Of the container; nobody in it can write there. */
  readOnly: v.optional(paths),
  /** Of its own besides those that it has anyway. One for the network has nothing but a loopback device. */
  namespaces: v.optional(v.pipe(v.array(v.picklist(['cgroup', 'ipc', 'network'])), v.maxLength(3))),
});
export type RuntimeChanges = v.InferOutput<typeof runtimeChanges>;

/** `permissions.runtime` must name the program and the wrapper. */
export const runtimePlan = v.strictObject({
  program: runtimeProgram,
  /** Before those that the host gives. */
  args: v.optional(programArguments),
  /** Whose ways the program has, where its name does not tell. */
  like: v.optional(v.picklist(['crun', 'runc'])),
  /** What the program is run by: it runs what follows its own arguments, waits for that, and ends with its exit code. */
  wrapper: v.optional(v.strictObject({ program: absolutePath, args: programArguments })),
  changes: v.optional(runtimeChanges),
});
export type RuntimePlan = v.InferOutput<typeof runtimePlan>;

/** Why the container cannot be run so; the run ends with it, and nothing of the container has run. */
export const runtimeRefusal = v.strictObject({ refuse: v.pipe(text, v.minLength(1)) });

export const runtimeAnswer = v.union([runtimePlan, runtimeRefusal]);
export type RuntimeAnswer = v.InferOutput<typeof runtimeAnswer>;
