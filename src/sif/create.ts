import { addObject, type NewObject } from './add.js';
import { cannotWrite } from './errors.js';
import { isReadable } from './fields.js';
import { emptyHeader, NIL_ID } from './header.js';
import { DESCRIPTOR_BYTES, DESCRIPTORS_MAX, DESCRIPTORS_OFFSET, DESCRIPTORS_TOTAL, GO_ZERO_TIME, LAUNCH_SCRIPT_BYTES } from './layout.js';
import { MemoryStorage, type SifStorage } from './storage.js';
import { writeHeader } from './table.js';

export interface NewSif {
  readonly objects?: readonly NewObject[];
  /** At most 31 bytes, e.g. `#!/usr/bin/env run-singularity\n`; none where absent. */
  readonly launchScript?: string;
  /** A UUID; nil where absent. */
  readonly id?: string;
  /** Seconds since 1970; Go's zero time where absent. */
  readonly time?: number;
  /** How many objects it has room for; 48 where absent, at most 4096. */
  readonly capacity?: number;
}

/** Writes a SIF file. Without `id` and `time` the same objects give the same bytes. Throws as addObject does. */
export function createSif(sif: NewSif): Uint8Array {
  const storage = new MemoryStorage();
  createSifIn(storage, sif);
  return storage.bytes;
}

/** Into an empty storage. */
export function createSifIn(storage: SifStorage, { objects = [], launchScript = '', id, time = GO_ZERO_TIME, capacity }: NewSif): void {
  const descriptorsTotal = checkCapacity(capacity ?? DESCRIPTORS_TOTAL);
  const names = { launchScript: checkLaunchScript(launchScript), id: id === undefined ? NIL_ID : parseId(id) };
  const header = emptyHeader({ ...names, createdAt: time, descriptorsTotal, descriptorsOffset: DESCRIPTORS_OFFSET });
  storage.resize(DESCRIPTORS_OFFSET + descriptorsTotal * DESCRIPTOR_BYTES);
  writeHeader(storage, header);
  for (const object of objects) addObject(storage, object, { time });
}

/** What readTable would not take is not written. */
function checkCapacity(capacity: number): number {
  if (!Number.isSafeInteger(capacity) || capacity < 0 || capacity > DESCRIPTORS_MAX)
    throw cannotWrite(`descriptor capacity not supported: ${capacity} is not between 0 and ${DESCRIPTORS_MAX}`);
  return capacity;
}

function checkLaunchScript(text: string): string {
  if (new TextEncoder().encode(text).length >= LAUNCH_SCRIPT_BYTES)
    throw cannotWrite(`launch script too large: it has ${LAUNCH_SCRIPT_BYTES} bytes or more`);
  if (!isReadable(text)) throw cannotWrite('the launch script cannot be read back');
  return text;
}

function parseId(id: string): string {
  const digits = id.replaceAll('-', '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(digits)) throw cannotWrite(`${JSON.stringify(id)} is no UUID`);
  return digits;
}
