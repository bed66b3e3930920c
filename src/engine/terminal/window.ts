/** The window of a command's terminal, as whoever shows it has it. */
import { execFile } from 'node:child_process';
import { isAlive, type ProcessStatus } from '../lifecycle/process-tree.js';
import { findTool, TOOL_DIRECTORIES } from '../tools.js';

/** In cells. */
export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

/** The kernel tells the command of it. A command may have closed its terminal, or the kernel may hide it: then that keeps the size that it has. */
export async function tellSize(command: Pick<ProcessStatus, 'pid' | 'startTicks'>, { rows, columns }: WindowSize): Promise<void> {
  const stty = await findTool('stty', TOOL_DIRECTORIES);
  if (stty === undefined || !isAlive(command)) return;
  const words = ['-F', `/proc/${command.pid}/fd/0`, 'rows', String(rows), 'cols', String(columns)];
  await new Promise<void>((resolve) => void execFile(stty, words, { env: { LC_ALL: 'C' } }, () => resolve()));
}
