/**
 * The shapes that the callbacks and powers share. Each schema is the source, its type is inferred from it.
 * Everything is bounded: what has no bound is a way to fill the host's memory.
 */
import * as v from 'valibot';

/** One line or more of human text, at most 4 KiB. */
export const text = v.pipe(v.string(), v.maxLength(4096));

/** A short human text, at most 256 characters. */
export const shortText = v.pipe(v.string(), v.maxLength(256));

/** `example.com/log-plugin`: segments of letters, digits, `.`, `_`, `-`, each beginning with a letter or digit, at most 128 characters. */
export const pluginName = v.pipe(
  v.string(),
  v.maxLength(128),
  v.regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/,
    'must be segments of letters, digits, ".", "_" and "-", joined by "/"',
  ),
);

/** Semantic version, e.g. `1.4.0` or `2.0.0-rc.1`. */
export const semanticVersion = v.pipe(
  v.string(),
  v.maxLength(64),
  v.regex(
    /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/,
    'must be a semantic version such as 1.0.0',
  ),
);

/** For whom a plugin is installed: for everybody, or for the caller alone. */
export const installScope = v.picklist(['system', 'user']);
export type InstallScope = v.InferOutput<typeof installScope>;

/** `sha256:` and 64 hexadecimal digits. */
export const sha256 = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/));

/** The name of an environment variable. */
export const envName = v.pipe(
  v.string(),
  v.maxLength(256),
  v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable'),
);

/** The value of an environment variable: no NUL, at most 64 KiB. */
export const envValue = v.pipe(v.string(), v.maxLength(65536), v.regex(/^[^\0]*$/, 'must not contain NUL'));

/** An absolute path in canonical form: no `.`, `..`, `//`, control character or half a character, no trailing slash, at most 4096 characters. */
export const absolutePath = v.pipe(
  v.string(),
  v.maxLength(4096),
  v.regex(
    // Half of a surrogate pair is no character: written as UTF-8 it would become another name.
    /^(?:\/|(?:\/(?!\.{1,2}(?:\/|$))(?:[^/\u0000-\u001f\u007f\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])+)+)$/,
    'must be an absolute path without ".", "..", "//" or control characters',
  ),
);

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
/** A name whose last part begins with a letter: what ends in a number is an address, in whatever form. `*.` stands before two parts or more. */
const dnsName = `(?:[*][.](?=[^.]+[.]))?(?:${label}[.])*(?=[a-z])${label}`;
const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const ipv4 = `(?:${octet}[.]){3}${octet}`;
const portNumber = '(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';

/**
 * A server: `registry.example.com`, `registry.example.com:5000`, `*.example.com` (all below it), `10.0.0.7`, `[::1]:8443`; by https,
 * and by http as in `http://localhost:8080`. In the form that URLs have it: lower case, IDN as `xn--`, addresses not in odd forms.
 */
export const serverName = v.pipe(
  v.string(),
  v.maxLength(280),
  v.regex(
    new RegExp(`^(?:http://)?(?:${dnsName}|${ipv4}|\\[[0-9a-f:]{2,39}\\])(?::${portNumber})?$`),
    'must be a server such as registry.example.com, *.example.com, 10.0.0.7:5000 or http://localhost:8080',
  ),
);

/** The scheme of an image reference: `host` in `host:`. At least two characters, so that it is never a drive or a typing slip. */
export const imageScheme = v.pipe(
  v.string(),
  v.maxLength(32),
  v.regex(/^[a-z][a-z0-9+-]+$/, 'must be lower-case letters, digits, "+" or "-"'),
);

/** A file system to show in the container. A bind shows `source`, a path of the host; `optional` skips it where the host has no such path. */
export const mount = v.variant('type', [
  v.strictObject({
    type: v.literal('bind'),
    source: absolutePath,
    destination: absolutePath,
    readOnly: v.optional(v.boolean()),
    optional: v.optional(v.boolean()),
    /** What shall not work in it: set-user-id programs, devices, programs at all. */
    options: v.optional(v.pipe(v.array(v.picklist(['nosuid', 'nodev', 'noexec'])), v.maxLength(3))),
  }),
  v.strictObject({
    type: v.literal('tmpfs'),
    destination: absolutePath,
    /** In bytes; the kernel's default (half of memory) where absent. */
    sizeBytes: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(4096))),
  }),
]);
export type Mount = v.InferOutput<typeof mount>;

export const mounts = v.pipe(v.array(mount), v.maxLength(256));
export const environment = v.pipe(v.record(envName, envValue), v.maxEntries(4096));
/** One word of a command line: no NUL, at most 128 KiB, as the kernel has it. */
export const argument = v.pipe(v.string(), v.maxLength(131072), v.regex(/^[^\0]*$/, 'must not contain NUL'));
export const commandLine = v.pipe(v.array(argument), v.maxLength(4096));
/** RFC 1123, at most 63 characters: what `sethostname` and other hosts accept. */
export const hostname = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/, 'must be a host name of at most 63 letters, digits, "." and "-"'),
);

const milliseconds = v.pipe(v.number(), v.minValue(0));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A container that runs or ran. */
export const container = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9]{12}$/)),
  image: text,
  command: commandLine,
  /** The process id on the host. */
  pid: count,
  /** Milliseconds since 1970, UTC. */
  startedAt: milliseconds,
  /** The user who runs it. */
  uid: count,
});
export type Container = v.InferOutput<typeof container>;

/** What `monitorContainer` observes, in this order: one `start`, any number of `sample` and `signal`, one `exit`. */
export const containerEvent = v.variant('type', [
  v.strictObject({ type: v.literal('start') }),
  v.strictObject({
    type: v.literal('sample'),
    /** Resident memory of the process now, and its peak so far. */
    memoryBytes: count,
    peakMemoryBytes: count,
    /** User and system time so far. */
    cpuMs: milliseconds,
    runMs: milliseconds,
  }),
  v.strictObject({ type: v.literal('signal'), signal: v.pipe(v.string(), v.regex(/^SIG[A-Z0-9+]{1,12}$/)) }),
  v.strictObject({ type: v.literal('exit'), exitCode: v.pipe(count, v.maxValue(255)), runMs: milliseconds }),
]);
export type ContainerEvent = v.InferOutput<typeof containerEvent>;

/** How a driver wants its image shown: an empty root with these mounts, carried out by the host in this order. */
export const mountPlan = v.strictObject({
  mounts: v.pipe(mounts, v.minLength(1)),
  /** Symbolic links to make in the root: path in the container -> target. */
  links: v.optional(
    v.pipe(v.record(absolutePath, v.pipe(v.string(), v.minLength(1), v.maxLength(4096), v.regex(/^[^\0\r\n]+$/))), v.maxEntries(256)),
  ),
  /** Environment that the image brings; the user's own wins. */
  env: v.optional(environment),
  /** What runs when the user names no command. */
  command: v.optional(v.pipe(commandLine, v.minLength(1))),
});
export type MountPlan = v.InferOutput<typeof mountPlan>;
