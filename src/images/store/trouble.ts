/** What the file system below the store says, in words. */
import { systemCodeOf } from '#base/errors.js';
import { storeFull, storeReadOnly } from '../errors.js';

/** For work that writes to the store in this directory. What came before stays as it was. */
export async function explaining<Result>(directory: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    const code = systemCodeOf(thrown) ?? '';
    if (!isBelow(thrown, directory)) throw thrown;
    if (['ENOSPC', 'EDQUOT'].includes(code)) throw storeFull(directory, thrown);
    if (['EROFS', 'EACCES', 'EPERM'].includes(code)) throw storeReadOnly(directory, thrown);
    throw thrown;
  }
}

/** A write to an open file tells no path, and nothing else is written here. */
function isBelow(thrown: unknown, directory: string): boolean {
  const paths = [(thrown as { path?: unknown }).path, (thrown as { dest?: unknown }).dest].filter((path) => typeof path === 'string');
  return paths.length === 0 || paths.some((path) => path === directory || path.startsWith(`${directory}/`));
}
