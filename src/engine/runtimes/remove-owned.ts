/** Removes what a container has left that belongs to the caller's subordinate ids: outside of a user namespace only root could. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemCodeOf } from '#base/errors.js';
import { removeTree } from '#base/remove-tree.js';
import { findTool, TOOL_DIRECTORIES } from '../tools.js';
import { mapAllOwned, readOwnedRanges, writeMapping, type RequestedMapping } from './user-mapping.js';

/** As `removeTree`; of nobody's container any more. Throws what that throws where the ids are not the caller's. */
export async function removeOwnedTree(path: string): Promise<void> {
  try {
    await removeTree(path);
  } catch (thrown) {
    const uid = process.getuid?.() ?? 0;
    if (uid === 0 || !['EACCES', 'EPERM'].includes(systemCodeOf(thrown) ?? '')) throw thrown;
    const mapping = await mapAllOwned(await readOwnedRanges(uid), () => undefined);
    if (mapping === undefined || !(await removeMapped(path, mapping))) throw thrown;
    await removeTree(path);
  }
}

/** The process that makes the namespace waits until its users are mapped, and only then becomes its root. */
const WAIT = 'echo map; read -r word && [ "$word" = mapped ] && exec "$@"; exit 125';

/** Whether there was all that it takes. */
async function removeMapped(path: string, mapping: RequestedMapping): Promise<boolean> {
  const [unshare, sh, rm] = await Promise.all(['unshare', 'sh', 'rm'].map((name) => findTool(name, TOOL_DIRECTORIES)));
  if (unshare === undefined || sh === undefined || rm === undefined) return false;
  const child = spawn(unshare, ['--user', sh, '-c', WAIT, 'sh', rm, '-rf', '--one-file-system', '--', path], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {},
    cwd: '/',
  });
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close');
  const asked = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)]);
  if (asked && child.pid !== undefined) {
    await writeMapping(child.pid, mapping, { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });
    child.stdin.write('mapped\n');
  }
  child.stdin.end();
  await ended;
  return asked;
}
