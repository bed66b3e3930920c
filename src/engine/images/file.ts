/**
 * Images that are files, told by what stands in them, never by their names:
 *
 *      squashfs    "hsqs" at 0                    ext2-4   0xEF53 at 1080
 *      SIF         "SIF_MAGIC" at 32, and in it a primary system partition with one of these two
 */
import { open, type FileHandle } from 'node:fs/promises';
import { DATA_TYPES, FS_TYPES, PART_TYPES, readSif, type SifObject } from '#sif/sif.js';
import { BulkheadError } from '#base/errors.js';
import { imageFormatUnknown, imageInvalid } from '../errors.js';
import type { FileImage } from './image.js';

const SUPERBLOCK_BYTES = 2048;
const EXT_MAGIC_AT = 1080;
const SIF_MAGIC_AT = 32;
/** Header and descriptors: 4096 of these are 2.4 MB. */
const SIF_TABLES_BYTES_MAX = 4 * 1_048_576;
/** What a typed array can span on every Node. */
const SIF_BYTES_MAX = 2 ** 32;

type Region = Pick<FileImage, 'feature' | 'offset' | 'sizeBytes'>;

/** `path` is real and a regular file; `reference` is what the user called it. Reads the file's head and nothing else. */
export async function openFileImage(path: string, reference: string): Promise<FileImage> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const region = await findFileSystem(file, { size, reference });
    return { kind: 'file', path, ...region };
  } finally {
    await file.close();
  }
}

async function findFileSystem(file: FileHandle, { size, reference }: { size: number; reference: string }): Promise<Region> {
  const head = await readAt(file, 0, SUPERBLOCK_BYTES);
  const whole = { offset: 0, sizeBytes: size };
  const feature = tellFileSystem(head);
  if (feature !== undefined) return { feature, ...whole };
  if (head.toString('latin1', SIF_MAGIC_AT, SIF_MAGIC_AT + 9) !== 'SIF_MAGIC') throw imageFormatUnknown(reference);
  const { offset, size: sizeBytes, partition } = await findPartition(file, { size, reference });
  const inside = tellFileSystem(await readAt(file, offset, SUPERBLOCK_BYTES));
  const named = partition?.fsType === FS_TYPES.squash ? 'squashfs' : partition?.fsType === FS_TYPES.ext3 ? 'ext3' : undefined;
  if (named === undefined || inside !== named) throw imageInvalid(reference, 'its system partition holds neither squashfs nor ext3');
  return { feature: named, offset, sizeBytes };
}

function tellFileSystem(head: Buffer): FileImage['feature'] | undefined {
  if (head.toString('latin1', 0, 4) === 'hsqs') return 'squashfs';
  return head.length > EXT_MAGIC_AT + 1 && head.readUInt16LE(EXT_MAGIC_AT) === 0xef53 ? 'ext3' : undefined;
}

async function findPartition(file: FileHandle, { size, reference }: { size: number; reference: string }): Promise<SifObject> {
  if (size > SIF_BYTES_MAX) throw imageInvalid(reference, `it has more than ${SIF_BYTES_MAX} bytes`);
  // Of the zeros behind the tables the kernel gives no page before one is touched, and the reader touches none.
  const bytes = new Uint8Array(size);
  await file.read(bytes, 0, Math.min(size, SIF_TABLES_BYTES_MAX), 0);
  const { objects } = readObjects(bytes, reference);
  const found = objects.find(
    ({ dataType, partition }) => dataType === DATA_TYPES.partition && partition?.partType === PART_TYPES.primarySystem,
  );
  if (found === undefined) throw imageInvalid(reference, 'it has no primary system partition, as an image to run has');
  return found;
}

function readObjects(bytes: Uint8Array, reference: string): ReturnType<typeof readSif> {
  try {
    return readSif(bytes);
  } catch (thrown) {
    throw thrown instanceof BulkheadError ? imageInvalid(reference, thrown.message) : thrown;
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(length), position });
  return buffer.subarray(0, bytesRead);
}
