import { makeConsole, type WriteLog } from './console.js';
import { makeDate } from './date.js';
import { makeMath } from './math.js';
import { makeStructuredClone } from './structured-clone.js';
import { makeTextCoding } from './text-coding.js';
import type { Timers } from './timers.js';
import { makeUrl } from './url.js';

/**
 * What a compartment is given beyond the language, a file each. Every value is frozen, and none is an object of Node's: what a
 * file here needs of Node it has captured when the guest was loaded, before any code of a plugin.
 */
export function makeEndowments({ writeLog, timers }: { writeLog: WriteLog; timers: Timers }): object {
  return harden({
    console: makeConsole(writeLog),
    Date: makeDate(),
    Math: makeMath(),
    structuredClone: makeStructuredClone(),
    ...timers.globals,
    ...makeTextCoding(),
    ...makeUrl(),
  });
}
