/** What is on disk of a network. Parsed whenever it is read: whoever wrote it may have been killed, or be of another version. */
import { isIP, isIPv4 } from 'node:net';
import * as v from 'valibot';

export const NETWORK_BYTES_MAX = 262_144;
export const ATTACHMENT_BYTES_MAX = 1_048_576;

/** As apple/container's: a file name, a word of a shell, a part of a host name. */
export const networkName = v.pipe(
  v.string(),
  v.regex(
    /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/,
    'must have 1 to 63 of a-z, 0-9, "_", "." and "-", and begin and end with a letter or digit',
  ),
);

/** Built in, and never on disk. */
export const BUILTIN_NETWORKS = ['none', 'host'] as const;

export function isBuiltinNetwork(name: string): boolean {
  return (BUILTIN_NETWORKS as readonly string[]).includes(name);
}

const time = v.pipe(v.string(), v.isoTimestamp());
const ipv4 = v.pipe(
  v.string(),
  v.check((text) => isIPv4(text), 'must be an IPv4 address'),
);
export const ipAddress = v.pipe(
  v.string(),
  v.maxLength(45),
  v.check((text) => isIP(text) !== 0, 'must be an IP address'),
);
/** `10.89.0.2/24`. */
const withPrefix = v.pipe(
  v.string(),
  v.maxLength(49),
  v.check((text) => isIP(text.replace(/\/\d{1,3}$/, '')) !== 0 && text.includes('/'), 'must be an IP address and a prefix length'),
);
export const macAddress = v.pipe(v.string(), v.regex(/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i, 'must be six bytes, as in 02:42:0a:59:00:02'));
export const interfaceName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/, 'must be the name of an interface'));

/** Keys and values as they were typed: `k=v` each. */
const texts = v.pipe(
  v.record(v.pipe(v.string(), v.minLength(1), v.maxLength(128)), v.pipe(v.string(), v.maxLength(1024))),
  v.check((record) => Object.keys(record).length <= 64, 'must have at most 64 entries'),
);

/** `name` of the network's own plugin: a built-in one, or one that is installed. */
const pluginName = v.pipe(v.string(), v.minLength(1), v.maxLength(255));

export const networkRecord = v.strictObject({
  version: v.literal(1),
  name: networkName,
  plugin: pluginName,
  createdAt: time,
  /** Of IPv4, where the plugin leaves that to Bulkhead: `10.89.0.0/24`. */
  subnet: v.optional(v.pipe(v.string(), v.regex(/^[\d.]{7,15}\/\d{1,2}$/))),
  gateway: v.optional(ipv4),
  /** No way out: its members reach each other alone. */
  internal: v.boolean(),
  labels: texts,
  options: texts,
});
export type NetworkRecord = v.InferOutput<typeof networkRecord>;

/** A process for good, as containers have it. */
const processReference = v.strictObject({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4_194_304)),
  startTicks: v.pipe(v.string(), v.regex(/^\d{1,20}$/)),
  pidNamespace: v.pipe(v.string(), v.regex(/^\d{1,20}$/)),
  bootId: v.pipe(v.string(), v.uuid()),
});

export const containerId = v.pipe(v.string(), v.regex(/^[a-z0-9]{12}$/, 'must be 12 of a-z and 0-9'));
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

export const publishedPort = v.strictObject({
  /** Of the host; all where absent. */
  hostAddress: v.optional(ipAddress),
  hostPort: port,
  containerPort: port,
  protocol: v.picklist(['tcp', 'udp']),
});
export type PublishedPort = v.InferOutput<typeof publishedPort>;

/** What an attachment came to. */
export const attachmentStatus = v.strictObject({
  addresses: v.pipe(v.array(withPrefix), v.maxLength(16)),
  gateway: v.optional(ipAddress),
  mac: v.optional(macAddress),
});
export type AttachmentStatus = v.InferOutput<typeof attachmentStatus>;

/** One object of a CNI configuration list; what is in it is the plugin's own. */
export const cniConfig = v.looseObject({ type: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/)) });
export type CniConfig = v.InferOutput<typeof cniConfig>;

export const CNI_LIST_MAX = 16;

/** Written before anything is done, so that whatever comes of it can be undone: also by somebody else, with nothing but this. */
export const attachmentRecord = v.strictObject({
  version: v.literal(1),
  network: networkName,
  container: containerId,
  /** Of the container, where it has one. */
  name: v.optional(v.pipe(v.string(), v.maxLength(64))),
  /** PID 1 of the container: when it is gone, so is the network namespace. */
  owner: processReference,
  interface: interfaceName,
  attachedAt: time,
  plugin: pluginName,
  /** What CNI plugins were started with, in this order. */
  cni: v.optional(
    v.strictObject({
      list: v.pipe(v.array(cniConfig), v.maxLength(CNI_LIST_MAX)),
      /** CNI_ARGS. */
      args: v.pipe(v.string(), v.maxLength(1024)),
      /** What the last of them answered; absent until all have. */
      result: v.optional(v.looseObject({})),
    }),
  ),
  ports: v.pipe(v.array(publishedPort), v.maxLength(256)),
  /** Absent until it is whole. */
  status: v.optional(attachmentStatus),
});
export type AttachmentRecord = v.InferOutput<typeof attachmentRecord>;

/** Where networks are, and where the programs of CNI are. */
export interface NetworkPlace {
  /** Of this uid alone, e.g. `/var/lib/bulkhead/networks`. */
  readonly directory: string;
  /** Absolute; the first that has a program wins. */
  readonly cni: readonly string[];
}
