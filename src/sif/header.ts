import { ARCH_UNKNOWN } from './arch.js';
import { invalidSif, notRecognized } from './errors.js';
import { readCount, readInteger, readText, recordAt, writeBytes, writeInteger, writeText, type FilePart } from './fields.js';
import {
  ARCH_BYTES,
  DESCRIPTOR_BYTES,
  DESCRIPTORS_MAX,
  GO_ZERO_TIME,
  HEADER,
  HEADER_BYTES,
  ID_BYTES,
  LAUNCH_SCRIPT_BYTES,
  MAGIC,
  VERSION,
  VERSION_BYTES,
} from './layout.js';
import type { SifStorage } from './storage.js';

export interface SifHeader {
  readonly launchScript: string;
  /** Two digits; `00` where no primary partition says otherwise. */
  readonly arch: string;
  /** The UUID as 32 hexadecimal digits; all zero in a deterministic file. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly descriptorsFree: number;
  readonly descriptorsTotal: number;
  readonly descriptorsOffset: number;
  readonly dataOffset: number;
  readonly dataSize: number;
}

export const NIL_ID = '0'.repeat(2 * ID_BYTES);

/** Reads the header and checks it against itself and the length of the file. The inverse of encodeHeader. */
export function readHeader(storage: SifStorage): SifHeader {
  if (storage.size < HEADER_BYTES) throw notRecognized();
  const file = storage.read(0, HEADER_BYTES);
  if (!hasMagic(file)) throw notRecognized();
  const record = recordAt(file, 0, { length: HEADER_BYTES, where: 'header' });
  const version = readText(record, HEADER.version, { length: VERSION_BYTES, field: 'version' });
  if (version !== VERSION) throw invalidSif('header', `version ${JSON.stringify(version)} is not known`);
  const header = {
    launchScript: readText(record, HEADER.launchScript, { length: LAUNCH_SCRIPT_BYTES, field: 'launch script' }),
    arch: readArch(record, HEADER.arch),
    id: Buffer.from(record.bytes.subarray(HEADER.id, HEADER.id + ID_BYTES)).toString('hex'),
    createdAt: readInteger(record, HEADER.createdAt, 'creation time'),
    modifiedAt: readInteger(record, HEADER.modifiedAt, 'modification time'),
    descriptorsFree: readCount(record, HEADER.descriptorsFree, 'number of free descriptors'),
    descriptorsTotal: readCount(record, HEADER.descriptorsTotal, 'number of descriptors'),
    descriptorsOffset: readCount(record, HEADER.descriptorsOffset, 'offset of descriptors'),
    dataOffset: readCount(record, HEADER.dataOffset, 'offset of data'),
    dataSize: readCount(record, HEADER.dataSize, 'size of data'),
  };
  checkRegions(header, { descriptorsSize: readCount(record, HEADER.descriptorsSize, 'size of descriptors'), fileSize: storage.size });
  return header;
}

function readArch(record: FilePart, offset: number): string {
  const arch = readText(record, offset, { length: ARCH_BYTES, field: 'architecture' });
  if (!/^\d\d$/.test(arch)) throw invalidSif(record.where, `architecture ${JSON.stringify(arch)} is not two digits`);
  return arch;
}

/** 128 bytes. */
export function encodeHeader(header: SifHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  writeText(view, HEADER.launchScript, header.launchScript);
  writeText(view, HEADER.magic, MAGIC);
  writeText(view, HEADER.version, VERSION);
  writeText(view, HEADER.arch, header.arch);
  writeBytes(view, HEADER.id, Buffer.from(header.id, 'hex'));
  writeInteger(view, HEADER.createdAt, header.createdAt);
  writeInteger(view, HEADER.modifiedAt, header.modifiedAt);
  writeInteger(view, HEADER.descriptorsFree, header.descriptorsFree);
  writeInteger(view, HEADER.descriptorsTotal, header.descriptorsTotal);
  writeInteger(view, HEADER.descriptorsOffset, header.descriptorsOffset);
  writeInteger(view, HEADER.descriptorsSize, header.descriptorsTotal * DESCRIPTOR_BYTES);
  writeInteger(view, HEADER.dataOffset, header.dataOffset);
  writeInteger(view, HEADER.dataSize, header.dataSize);
  return bytes;
}

/** Of a file without objects. */
export function emptyHeader(
  header: Pick<SifHeader, 'launchScript' | 'id' | 'createdAt' | 'descriptorsTotal' | 'descriptorsOffset'>,
): SifHeader {
  const { createdAt, descriptorsTotal, descriptorsOffset } = header;
  return {
    ...header,
    arch: ARCH_UNKNOWN,
    modifiedAt: createdAt,
    descriptorsFree: descriptorsTotal,
    dataOffset: descriptorsOffset + descriptorsTotal * DESCRIPTOR_BYTES,
    dataSize: 0,
  };
}

/** Whether whoever wrote it wanted the same bytes each time; whoever changes it then writes no time and no random id either. */
export function isDeterministic({ id, createdAt, modifiedAt }: SifHeader): boolean {
  return id === NIL_ID && createdAt === GO_ZERO_TIME && modifiedAt === GO_ZERO_TIME;
}

function hasMagic(file: Uint8Array): boolean {
  const magic = new TextEncoder().encode(`${MAGIC}\0`);
  return magic.every((byte, index) => file[HEADER.magic + index] === byte);
}

/**
 * siftool does not write the padding in front of an empty object, so the header of a file that ends with some counts bytes that are
 * not there: up to 48 times 4095. No object that has data may lie there, see readTable.
 */
const UNWRITTEN_BYTES_MAX = 262_144;

/** header | descriptors | data, in this order, none beyond the end. Sums of safe integers may be inexact, never small again. */
function checkRegions(header: SifHeader, { descriptorsSize, fileSize }: { descriptorsSize: number; fileSize: number }): void {
  const { descriptorsTotal, descriptorsFree, descriptorsOffset, dataOffset, dataSize } = header;
  if (descriptorsTotal > DESCRIPTORS_MAX) throw invalidSif('header', `${descriptorsTotal} descriptors are more than ${DESCRIPTORS_MAX}`);
  if (descriptorsFree > descriptorsTotal) throw invalidSif('header', 'more descriptors are free than there are');
  if (descriptorsSize !== descriptorsTotal * DESCRIPTOR_BYTES) throw invalidSif('header', 'size and number of descriptors disagree');
  if (descriptorsOffset < HEADER_BYTES) throw invalidSif('header', 'descriptors overlap the header');
  if (dataOffset < descriptorsOffset + descriptorsSize) throw invalidSif('header', 'data overlap the descriptors');
  if (dataOffset > fileSize || dataOffset + dataSize > fileSize + UNWRITTEN_BYTES_MAX)
    throw invalidSif('header', `data end at ${dataOffset + dataSize}, beyond the end of the file (${fileSize} bytes)`);
}
