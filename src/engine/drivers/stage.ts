/**
 * A stage is the part of the script of PID 1 in which drivers are started. The engine leads: it looks at the mounts first, says "drive",
 * waits until the new mounts are there, and says "go".
 *
 *      PID 1   stage images ───────────▶   engine    what is mounted now?
 *              ◀─────────────── drive                                        the programs start, in the background
 *      PID 1   driver 0 1 ─────────────▶             (a program has ended, with code 1)
 *              ◀────────────────── go                their mounts are there, and nothing else is
 *
 * A program gets no descriptor but /dev/null and a pipe to the engine for its stderr (from 5 on), so that it cannot speak as PID 1.
 */
import { quoteWord } from '../runtimes/environment.js';
import type { Tools } from '../tools.js';
import type { SessionProgram } from './program.js';

export type StageName = 'images' | 'overlays';

export interface Stage {
  readonly name: StageName;
  readonly programs: readonly SessionProgram[];
  /** How many programs earlier stages have. */
  readonly first: number;
}

/** dash knows descriptors of one digit only: 5 to 9. */
export const PROGRAMS_MAX = 5;
const FIRST_FD = 5;

/** `first` counts the programs of earlier stages. */
export function writeStage(
  name: StageName,
  programs: readonly SessionProgram[],
  { tools, first }: { tools: Tools; first: number },
): string[] {
  return [
    `echo ${quoteWord(`stage ${name}`)} >&4`,
    'read -r word <&4 && [ "$word" = drive ] || exit 125',
    ...programs.map((program, index) => writeProgram(program, { tools, number: first + index })),
    'read -r word <&4 && [ "$word" = go ] || exit 125',
  ];
}

function writeProgram({ words }: SessionProgram, { tools, number }: { tools: Tools; number: number }): string {
  const command = [tools.setpriv, '--no-new-privs', '--', ...words].map(quoteWord).join(' ');
  const streams = `</dev/null >/dev/null 2>&${FIRST_FD + number} ${closeFds()} 3>&- 4>&-`;
  return `( ${command} ${streams}; echo "driver ${number} $?" >&4 ) &`;
}

/** Of all programs: each has its own stderr by then. */
export function closeFds(): string {
  return Array.from({ length: PROGRAMS_MAX }, (_, index) => `${FIRST_FD + index}>&-`).join(' ');
}
