/** Programs of the host, looked up in fixed places: PATH belongs to the caller. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';

export const TOOL_DIRECTORIES = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/run/current-system/sw/bin'];

/** Its absolute path. */
export async function findTool(name: string, directories: readonly string[] = TOOL_DIRECTORIES): Promise<string | undefined> {
  for (const directory of directories) {
    const path = join(directory, name);
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return path;
  }
  return undefined;
}
