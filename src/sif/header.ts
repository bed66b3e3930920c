import { invalidSif, notRecognized } from './errors.js';
import { readCount, readInteger, readText, recordAt, writeInteger, writeText, type FilePart } from './fields.js';
import {
  ARCH_UNKNOWN,
  DESCRIPTOR_BYTES,
  DESCRIPTORS_MAX,
  GO_ZERO_TIME,
  HEADER,
  HEADER_BYTES,
  LAUNCH_SCRIPT_BYTES,
  MAGIC,
  VERSION,
} from './layout.js';

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

/** Reads the header and checks it against itself and the length of the file. The inverse of encodeHeader. */
export function decodeHeader(file: Uint8Array): SifHeader {
  if (!hasMagic(file)) throw notRecognized();
  const record = recordAt(file, 0, { length: HEADER_BYTES, where: 'header' });
  const version = readText(record, HEADER.version, { length: 3, field: 'version' });
  if (version !== VERSION) throw invalidSif('header', `version ${JSON.stringify(version)} is not known`);
  const header = {
    launchScript: readText(record, HEADER.launchScript, { length: LAUNCH_SCRIPT_BYTES, field: 'launch script' }),
    arch: readArch(record, HEADER.arch),
    id: Buffer.from(record.bytes.subarray(HEADER.id, HEADER.id + 16)).toString('hex'),
    createdAt: readInteger(record, HEADER.createdAt, 'creation time'),
    modifiedAt: readInteger(record, HEADER.modifiedAt, 'modification time'),
    descriptorsFree: readCount(record, HEADER.descriptorsFree, 'number of free descriptors'),
    descriptorsTotal: readCount(record, HEADER.descriptorsTotal, 'number of descriptors'),
    descriptorsOffset: readCount(record, HEADER.descriptorsOffset, 'offset of descriptors'),
    dataOffset: readCount(record, HEADER.dataOffset, 'offset of data'),
    dataSize: readCount(record, HEADER.dataSize, 'size of data'),
  };
  checkRegions(header, { descriptorsSize: readCount(record, HEADER.descriptorsSize, 'size of descriptors'), fileSize: file.length });
  return header;
}

/** Two digits and a NUL, as in the header and in the extra of a partition. */
export function readArch(record: FilePart, offset: number): string {
  const arch = readText(record, offset, { length: 3, field: 'architecture' });
  if (!/^\d\d$/.test(arch)) throw invalidSif(record.where, `architecture ${JSON.stringify(arch)} is not two digits`);
  return arch;
}

export function encodeHeader(
  view: DataView,
  header: Pick<SifHeader, 'descriptorsFree' | 'descriptorsTotal' | 'descriptorsOffset' | 'dataOffset' | 'dataSize'>,
): void {
  writeText(view, HEADER.magic, MAGIC);
  writeText(view, HEADER.version, VERSION);
  writeText(view, HEADER.arch, ARCH_UNKNOWN);
  writeInteger(view, HEADER.createdAt, GO_ZERO_TIME);
  writeInteger(view, HEADER.modifiedAt, GO_ZERO_TIME);
  writeInteger(view, HEADER.descriptorsFree, header.descriptorsFree);
  writeInteger(view, HEADER.descriptorsTotal, header.descriptorsTotal);
  writeInteger(view, HEADER.descriptorsOffset, header.descriptorsOffset);
  writeInteger(view, HEADER.descriptorsSize, header.descriptorsTotal * DESCRIPTOR_BYTES);
  writeInteger(view, HEADER.dataOffset, header.dataOffset);
  writeInteger(view, HEADER.dataSize, header.dataSize);
}

function hasMagic(file: Uint8Array): boolean {
  const magic = new TextEncoder().encode(`${MAGIC}\0`);
  return file.length >= HEADER_BYTES && magic.every((byte, index) => file[HEADER.magic + index] === byte);
}

/** header | descriptors | data, in this order, none beyond the end. Sums of safe integers may be inexact, never small again. */
function checkRegions(header: SifHeader, { descriptorsSize, fileSize }: { descriptorsSize: number; fileSize: number }): void {
  const { descriptorsTotal, descriptorsFree, descriptorsOffset, dataOffset, dataSize } = header;
  if (descriptorsTotal > DESCRIPTORS_MAX) throw invalidSif('header', `${descriptorsTotal} descriptors are more than ${DESCRIPTORS_MAX}`);
  if (descriptorsFree > descriptorsTotal) throw invalidSif('header', 'more descriptors are free than there are');
  if (descriptorsSize !== descriptorsTotal * DESCRIPTOR_BYTES) throw invalidSif('header', 'size and number of descriptors disagree');
  if (descriptorsOffset < HEADER_BYTES) throw invalidSif('header', 'descriptors overlap the header');
  if (dataOffset < descriptorsOffset + descriptorsSize) throw invalidSif('header', 'data overlap the descriptors');
  if (dataOffset + dataSize > fileSize)
    throw invalidSif('header', `data end at ${dataOffset + dataSize}, beyond the end of the file (${fileSize} bytes)`);
}
