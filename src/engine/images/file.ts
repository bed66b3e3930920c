/**
 * Images that are files, told by what stands in them, never by their names:
 *
 *      squashfs    "hsqs" at 0                    ext2-4   0xEF53 at 1080
 *      SIF         "SIF_MAGIC" at 32, and in it a primary system partition with one of these two, for this kind of machine
 *
 * Read are the head of the file, the tables of a SIF, and the head of its partition: nothing grows with the file.
 */
import { readFileParts } from '#base/file-parts.js';
import { canRunArch } from '#base/machine.js';
import { BulkheadError } from '#base/errors.js';
import { findParts, FS_TYPES, readSifFile, type SifFile } from '#sif/sif.js';
import { imageEncrypted, imageFormatUnknown, imageInvalid } from '../errors.js';
import type { FileImage } from './image.js';

const SUPERBLOCK_BYTES = 2048;
const EXT_MAGIC_AT = 1080;
const SIF_MAGIC_AT = 32;

type Region = Pick<FileImage, 'feature' | 'offset' | 'sizeBytes'>;

/** `path` is real and a regular file; `reference` is what the user called it. */
export async function openFileImage(path: string, reference: string): Promise<FileImage> {
  const { sizeBytes, head } = await readFileParts(path, (file) => ({
    sizeBytes: file.size,
    head: Buffer.from(file.read(0, SUPERBLOCK_BYTES)),
  }));
  const feature = tellFileSystem(head);
  if (feature !== undefined) return { kind: 'file', path, feature, offset: 0, sizeBytes };
  if (head.toString('latin1', SIF_MAGIC_AT, SIF_MAGIC_AT + 9) !== 'SIF_MAGIC') throw imageFormatUnknown(reference);
  return { kind: 'file', path, ...(await findInSif(path, reference)) };
}

function tellFileSystem(head: Buffer): FileImage['feature'] | undefined {
  if (head.toString('latin1', 0, 4) === 'hsqs') return 'squashfs';
  return head.length > EXT_MAGIC_AT + 1 && head.readUInt16LE(EXT_MAGIC_AT) === 0xef53 ? 'ext3' : undefined;
}

async function findInSif(path: string, reference: string): Promise<Region> {
  try {
    return await readSifFile(path, (sif) => findSystem(sif, reference));
  } catch (thrown) {
    throw thrown instanceof BulkheadError && thrown.code === 'SIF_INVALID' ? imageInvalid(reference, thrown.message) : thrown;
  }
}

function findSystem(sif: SifFile, reference: string): Region {
  const system = findParts(sif, canRunArch).partitions.find(({ usage }) => usage === 'rootFs');
  if (system === undefined) throw imageInvalid(reference, 'it has no primary system partition, as an image to run has');
  const { fsType, offset, size: sizeBytes } = system;
  switch (fsType) {
    case FS_TYPES.squash:
      return { feature: 'squashfs', offset, sizeBytes };
    case FS_TYPES.ext3:
      return { feature: 'ext3', offset, sizeBytes };
    case FS_TYPES.encryptedSquash:
      throw imageEncrypted(reference, 'dm-crypt');
    case FS_TYPES.gocryptfsSquash:
      throw imageEncrypted(reference, 'gocryptfs');
    default:
      throw imageInvalid(reference, 'its system partition holds neither squashfs nor ext3');
  }
}
