import { MemoryStorage, type SifStorage } from './storage.js';
import { readTable } from './table.js';

/** What to do with a SIF, e.g. `(sif) => addObject(sif, object)`. All of it is done, or, where it throws, nothing. */
export type SifChange = (sif: SifStorage) => void;

/** Answers with the changed file; `file` stays as it is. Throws what `change` throws, and SIF_INVALID for a file that is none. */
export function changeSif(file: Uint8Array, change: SifChange): Uint8Array {
  const storage = new MemoryStorage(file.slice());
  change(storage);
  // Whatever was done, it can be read again.
  readTable(storage);
  return storage.bytes;
}
