/** SIF files on disk: read in parts, changed as #base/file-parts.js replaces files. */
import { readFileParts, replaceFile, type FileParts } from '#base/file-parts.js';
import type { SifChange } from './change.js';
import type { SifDescriptor } from './descriptor.js';
import { invalidSif } from './errors.js';
import type { SifHeader } from './header.js';
import { MEMORY_BYTES_MAX, requireOffset, requireRange, type SifStorage } from './storage.js';
import { descriptorsOf, readTable } from './table.js';

export interface SifFile {
  readonly header: SifHeader;
  /** In the order of their descriptors. */
  readonly objects: readonly SifDescriptor[];
  /** A copy. Only while the file is open. */
  readonly dataOf: (object: SifDescriptor) => Uint8Array;
  /** The same of its first bytes, fewer where it has no more. */
  readonly headOf: (object: SifDescriptor, bytesMax: number) => Uint8Array;
}

/** Answers what `use` answers. Throws SIF_NOT_RECOGNIZED, SIF_INVALID, FILE_NOT_REGULAR, or the system's errors. */
export async function readSifFile<T>(path: string, use: (sif: SifFile) => T): Promise<T> {
  return readFileParts(path, (file) => {
    const storage = new FileStorage(file);
    const table = readTable(storage);
    const headOf = ({ offset, size }: SifDescriptor, bytesMax: number) => storage.read(offset, Math.min(size, bytesMax));
    const dataOf = (object: SifDescriptor) => headOf(object, object.size);
    return use({ header: table.header, objects: descriptorsOf(table), dataOf, headOf });
  });
}

/** Throws what `change` throws, and then the file is as it was; FILE_CHANGED; or what readSifFile throws. */
export async function changeSifFile(path: string, change: SifChange): Promise<void> {
  await replaceFile(path, (copy) => {
    const storage = new FileStorage(copy);
    change(storage);
    // Whatever was done, it can be read again.
    readTable(storage);
  });
}

class FileStorage implements SifStorage {
  readonly #file: FileParts;

  constructor(file: FileParts) {
    this.#file = file;
  }

  get size(): number {
    return this.#file.size;
  }

  read(offset: number, length: number): Uint8Array {
    requireRange(this.size, offset, length);
    if (length > MEMORY_BYTES_MAX) throw invalidSif('file', `${length} bytes do not fit into memory`);
    const bytes = this.#file.read(offset, length);
    if (bytes.length < length) throw invalidSif('file', 'it became shorter while it was read');
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    requireOffset(offset);
    this.#file.write(offset, bytes);
  }

  resize(size: number): void {
    requireOffset(size);
    this.#file.resize(size);
  }
}
