import { isatty } from 'node:tty';
import { wiringErrors } from './errors.js';

/** Refuses to wait for what nobody can type: `-it` where standard input is a file or a pipe, as every container tool does. */
export function requireTypist({ terminal, interactive }: { terminal?: boolean | undefined; interactive?: boolean | undefined }): void {
  if (terminal === true && interactive === true && !isatty(0)) throw wiringErrors.inputNotTerminal();
}
