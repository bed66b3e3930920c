import { showName } from '#base/archive-rules.js';

/** Why a layer is not unpacked. It crosses from the thread that reads layers as its text. */
export class RefusedLayer extends Error {}

/** Text of an archive, whose bytes are kept as latin1, made fit for a message. */
export function shown(name: string): string {
  return showName(Buffer.from(name, 'latin1').toString('utf8'));
}
