/** All errors of images. Text of an image, such as a name in an archive, passes `shown` before it gets here. */
import { type BulkheadError, userError } from '#base/errors.js';

export const storeUnsafe = (path: string, why: string): BulkheadError =>
  userError('IMAGE_STORE_UNSAFE', `Cannot keep images in ${path}: ${why}`, { hint: `ls -ld ${path}`, data: { path, why } });

export const storeFull = (path: string, cause: unknown): BulkheadError =>
  userError('IMAGE_STORE_FULL', `Cannot write to the image store ${path}: there is no room left`, {
    hint: `df -h ${path}   (what is not needed goes with: bulkhead image prune)`,
    data: { path },
    cause,
  });

export const storeReadOnly = (path: string, cause: unknown): BulkheadError =>
  userError('IMAGE_STORE_READ_ONLY', `Cannot write to the image store ${path}: it may only be read`, {
    hint: `findmnt --target ${path}`,
    data: { path },
    cause,
  });

export const storeBusy = (what: string, waitMs: number): BulkheadError =>
  userError('IMAGE_STORE_BUSY', `Cannot use ${what}: another command has been at it for ${Math.round(waitMs / 1000)} s`, {
    hint: 'wait for it, and try again',
    data: { what, waitMs },
  });

export const storeLockLost = (what: string): BulkheadError =>
  userError('IMAGE_STORE_LOCK_LOST', `Cannot go on with ${what}: this command stood still for so long that another took over`, {
    hint: 'try again',
    data: { what },
  });

export const imageUnknown = (image: string): BulkheadError =>
  userError('IMAGE_UNKNOWN', `Cannot find image ${image}: there is none of this name or digest in the store`, {
    hint: 'bulkhead image list',
    data: { image },
  });

export const imageAmbiguous = (image: string, digests: readonly string[]): BulkheadError =>
  userError('IMAGE_AMBIGUOUS', `Cannot choose image ${image}: ${digests.length} images begin so`, {
    hint: 'bulkhead image list   (and give more of the digest)',
    data: { image, digests },
  });

export const imageInUse = (image: string, holders: readonly string[]): BulkheadError =>
  userError('IMAGE_IN_USE', `Cannot remove image ${image}: it is in use by ${holders.join(', ')}`, {
    hint: 'bulkhead list --all',
    data: { image, holders },
  });

export const sourceUnreadable = (path: string, why: string, cause?: unknown): BulkheadError =>
  userError('IMAGE_SOURCE_UNREADABLE', `Cannot read image ${path}: ${why}`, { hint: `ls -ld ${path}`, data: { path, why }, cause });

export const tagUnknown = (
  path: string,
  tag: string | undefined,
  { count, tags }: { count: number; tags: readonly string[] },
): BulkheadError =>
  userError(
    'IMAGE_TAG_UNKNOWN',
    tag === undefined
      ? `Cannot choose an image of ${path}: it has ${count === 0 ? 'no image at all' : `${count} images, and none of them was asked for by its name`}`
      : `Cannot find image ${tag} in ${path}: there is none of this name`,
    { hint: tags.length === 0 ? `ls ${path}` : `one of: ${tags.join(' ')}`, data: { path, tag, tags } },
  );

export const platformInvalid = (text: string): BulkheadError =>
  userError('IMAGE_PLATFORM_INVALID', `Cannot read --platform "${text.slice(0, 100)}": it is not OS/ARCH[/VARIANT]`, {
    hint: 'bulkhead image pull --platform linux/arm64 IMAGE',
  });

export const platformMissing = (image: string, wanted: string, offered: readonly string[]): BulkheadError =>
  userError(
    'IMAGE_PLATFORM_MISSING',
    `Cannot use image ${image}: it is not there for ${wanted}, but for ${offered.join(', ') || 'nothing'}`,
    {
      hint: 'take another image, or register an emulator',
      data: { image, wanted, offered },
    },
  );

export const documentInvalid = (what: string, why: string): BulkheadError =>
  userError('IMAGE_DOCUMENT_INVALID', `Cannot use the ${what}: ${why}`, { hint: 'get the image again', data: { what, why } });

export const mediaTypeUnknown = (what: string, mediaType: string): BulkheadError =>
  userError('IMAGE_MEDIA_TYPE_UNKNOWN', `Cannot use the ${what}: its media type is "${mediaType}", which is none of a container image`, {
    hint: 'get an image of OCI or Docker version 2, schema 2',
    data: { what, mediaType },
  });

export const blobMissing = (digest: string, where: string): BulkheadError =>
  userError('IMAGE_BLOB_MISSING', `Cannot read blob ${digest}: it is not in ${where}`, {
    hint: 'get the image again',
    data: { digest, where },
  });

export const blobInvalid = (digest: string, why: string): BulkheadError =>
  userError('IMAGE_BLOB_INVALID', `Cannot use blob ${digest}: ${why}`, { hint: 'get the image again', data: { digest, why } });

export const layerRefused = (digest: string, why: string): BulkheadError =>
  userError('IMAGE_LAYER_REFUSED', `Cannot unpack layer ${digest}: ${why}`, {
    hint: 'get the image from elsewhere',
    data: { digest, why },
  });

export const conversionFailed = (why: string): BulkheadError =>
  userError('IMAGE_CONVERSION_FAILED', `Cannot make a file system of the image's layers: ${why}`, {
    hint: 'df -h   (and see the cause in the message)',
    data: { why },
  });

export const converterNotBuilt = (): BulkheadError =>
  userError('IMAGE_CONVERTER_NOT_BUILT', 'Cannot unpack layers: this installation lacks the thread that does it', {
    hint: 'npm run build',
  });

export const zstdMissing = (digest: string): BulkheadError =>
  userError('IMAGE_ZSTD_MISSING', `Cannot unpack layer ${digest}: it is compressed with zstd, which this Node does not know`, {
    hint: 'apt-get install zstd   (or use Node 22.15 or newer)',
    data: { digest },
  });

export const referenceInvalid = (reference: string, why: string): BulkheadError =>
  userError('IMAGE_REFERENCE_UNUSABLE', `Cannot use image reference "${reference}": ${why}`, {
    hint: 'bulkhead run oci:DIRECTORY[:TAG]   (or oci-archive:FILE[:TAG], docker-archive:FILE[:NAME:TAG])',
    data: { reference, why },
  });
