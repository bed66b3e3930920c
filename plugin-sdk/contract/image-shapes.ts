/**
 * What drivers of images are asked, and what they answer. A driver mounts nothing itself: it says what is to be shown, or which program
 * mounts it, and the host checks that and carries it out.
 */
import * as v from 'valibot';
import { absolutePath, commandLine, environment, imageScheme, mountPlan, text } from './shapes.js';

/** What of the host's own work a driver can take over: showing a squashfs or an ext3 (ext2, ext4) file system, laying one directory over another. */
export const imageFeature = v.picklist(['squashfs', 'ext3', 'overlay']);
export type ImageFeature = v.InferOutput<typeof imageFeature>;

/** What an image brings beside its files: the user's own settings win. */
const wishes = {
  env: v.optional(environment),
  /** What runs when the user names no command. */
  command: v.optional(v.pipe(commandLine, v.minLength(1))),
};

/**
 * A program that mounts and goes on running as long as the mount is needed, such as squashfuse. `permissions.exec` must name it. The host
 * starts it inside the container's session, waits until the mount is there, ends it with the container, and ends the container with it.
 */
const program = {
  type: v.literal('program'),
  program: absolutePath,
  /**
   * Its arguments, in which the host replaces `{target}` (where to mount; must be there), of an image `{image}` (its file), `{offset}` and
   * `{size}` (in bytes), of an overlay `{lower}` (directories joined by ":", the topmost first), `{upper}` and `{work}`.
   */
  args: v.pipe(
    v.array(v.pipe(v.string(), v.maxLength(4096), v.regex(/^[^\0\r\n]*$/, 'must not contain NUL or line breaks'))),
    v.maxLength(64),
  ),
  /** How long the mount may take to appear; 10 s where absent. */
  readyMs: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(50), v.maxValue(60_000))),
};
const programAnswer = v.strictObject(program);
export type DriverProgram = v.InferOutput<typeof programAnswer>;

/** A directory of the host; `permissions.mount` must name it or one above it. */
const directory = { type: v.literal('directory'), path: absolutePath };

/** A name that the driver gives to a stream, for `readImage`. */
export const streamHandle = v.pipe(v.string(), v.minLength(1), v.maxLength(1024));
const byteCount = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Bytes that the host asks for by `readImage` and unpacks into a directory of this run alone, or keeps as a file of it. */
const stream = v.strictObject({
  type: v.literal('stream'),
  format: v.picklist(['tar', 'tar.gz', 'squashfs']),
  handle: streamHandle,
  /** How many bytes there will be; then exactly so many must come. */
  sizeBytes: v.optional(byteCount),
  ...wishes,
});

/** How an image of a scheme is to be shown: a plan (an empty root with mounts), a directory, what a program mounts, or a stream. */
export const imageAnswer = v.variant('type', [
  v.strictObject({ type: v.optional(v.literal('plan')), ...mountPlan.entries }),
  v.strictObject({ ...directory, ...wishes }),
  v.strictObject({ ...program, ...wishes }),
  stream,
]);
export type ImageAnswer = v.InferOutput<typeof imageAnswer>;

/** Whether real root runs the container. An ordinary user has one uid in it, and nobody else's eyes must see a FUSE mount: no `allow_other`. */
const privileged = v.boolean();

/** What is to be mounted. Paths in the session of the container are the host's to know: the placeholders stand for them. */
export const imageToMount = v.variant('feature', [
  v.strictObject({ feature: v.literal('squashfs'), image: text, path: absolutePath, offset: byteCount, sizeBytes: byteCount, privileged }),
  v.strictObject({ feature: v.literal('ext3'), image: text, path: absolutePath, offset: byteCount, sizeBytes: byteCount, privileged }),
  /** Without `writable`, the lower directories alone. */
  v.strictObject({ feature: v.literal('overlay'), image: text, writable: v.boolean(), privileged }),
]);
export type ImageToMount = v.InferOutput<typeof imageToMount>;

/** `kernel` leaves it to the host, as if there were no driver. */
export const mountAnswer = v.variant('type', [programAnswer, v.strictObject(directory), v.strictObject({ type: v.literal('kernel') })]);
export type MountAnswer = v.InferOutput<typeof mountAnswer>;

/**
 * In this order: one `start`, before the first image; one `error` where a mount did not appear, or its program ended too early; one
 * `stop`, when all that the driver mounted is gone again, however the run ended.
 */
export const imageDriverEvent = v.variant('type', [
  v.strictObject({ type: v.literal('start'), image: text }),
  v.strictObject({ type: v.literal('error'), image: text, why: text }),
  v.strictObject({ type: v.literal('stop'), image: text }),
]);
export type ImageDriverEvent = v.InferOutput<typeof imageDriverEvent>;

/** Which part of a stream is wanted. Parts are asked for one after the other, each once. */
export const imagePart = v.strictObject({ scheme: imageScheme, handle: streamHandle, offset: byteCount });

export const IMAGE_CHUNK_BYTES_MAX = 1_048_576;

function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array && value.length <= IMAGE_CHUNK_BYTES_MAX;
}

/** At most 1 MiB; without bytes only where it is the last. */
export const imageChunk = v.strictObject({
  bytes: v.custom<Uint8Array>(isBytes, `must be a Uint8Array of at most ${IMAGE_CHUNK_BYTES_MAX} bytes`),
  last: v.boolean(),
});
