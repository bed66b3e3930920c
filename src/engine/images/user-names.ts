/**
 * Names of users and groups, as the image knows them; asked for before it runs:
 *
 *      a directory                    its own /etc/passwd and /etc/group, links followed inside it
 *      a squashfs of the store        the copies that were made beside it
 *      another squashfs, also in SIF  what unsquashfs(1) reads out of it
 *      ext3, a plugin's               nothing: numbers alone
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { ACCOUNTS_BYTES_MAX, parseAccountRows, readAccountRows } from '#base/account-rows.js';
import { optionInvalid } from '../errors.js';
import { createTree, resolvePath } from '../mounts/root-tree.js';
import { findTool } from '../tools.js';
import type { DirectoryImage, FileImage, OpenImage } from './image.js';

/** How long unsquashfs may take to find a file. */
const READ_MS = 10_000;

type AccountFile = 'passwd' | 'group';
/** The fields of each line; none where the image has no such file. */
type ReadRows = (file: AccountFile) => Promise<string[][]>;

/** `NAME[:GROUP]`, each a name or a number, as `UID:GID`. What is in numbers already, or absent, stays as it is. */
export async function nameToNumbers(typed: string | undefined, image: OpenImage): Promise<string | undefined> {
  if (typed === undefined || /^\d+(?::\d+)?$/.test(typed)) return typed;
  const refuse = (why: string) => optionInvalid('--user', typed, why, '--user 1000:1000');
  const readRows = await chooseReader(image);
  if (readRows === undefined) throw refuse('this image cannot be asked for names before it runs; numbers it takes');
  const [user = '', group, ...rest] = typed.split(':');
  if (user === '' || group === '' || rest.length > 0) throw refuse('it must be USER[:GROUP]');
  const known = (await readRows('passwd')).find(([name, , uid]) => name === user || uid === user);
  const uid = isNumber(user) ? user : known?.[2];
  if (uid === undefined || !isNumber(uid)) throw refuse(`the image knows no user "${user}"`);
  const gid = group === undefined ? known?.[3] : isNumber(group) ? group : (await readRows('group')).find(([name]) => name === group)?.[2];
  if (gid === undefined || !isNumber(gid)) throw refuse(`the image knows no group "${group ?? `of ${user}`}"`);
  return `${uid}:${gid}`;
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}

async function chooseReader(image: OpenImage): Promise<ReadRows | undefined> {
  if (image.kind === 'directory') return (file) => readOfDirectory(image, file);
  const { accounts } = image;
  if (accounts !== undefined) return (file) => readAccountRows(join(accounts, file));
  const program = image.kind === 'file' && image.feature === 'squashfs' ? await findTool('unsquashfs') : undefined;
  return image.kind === 'file' && program !== undefined ? (file) => readOfSquashfs(image, program, file) : undefined;
}

/** Links are followed inside the image. Whoever may write to it could lead this to another file; all that comes of it are two numbers. */
async function readOfDirectory({ path, view = path }: DirectoryImage, file: AccountFile): Promise<string[][]> {
  const tree = createTree({ type: 'image', source: view, readOnly: true, ownerUid: 0, ownerGid: 0, mode: 0o755 });
  const resolved = await resolvePath(tree, `/etc/${file}`);
  return readAccountRows(join(view, resolved.path));
}

/** Of a file that cannot be read there is nothing to know. */
function readOfSquashfs({ path, offset }: FileImage, program: string, file: AccountFile): Promise<string[][]> {
  const words = ['-offset', String(offset), '-cat', path, `etc/${file}`];
  const options = {
    cwd: '/',
    env: { LC_ALL: 'C' },
    encoding: 'buffer',
    timeout: READ_MS,
    killSignal: 'SIGKILL',
    maxBuffer: ACCOUNTS_BYTES_MAX,
  } as const;
  return new Promise((resolve) => {
    execFile(program, words, options, (failure, stdout) => resolve(failure === null ? parseAccountRows(stdout) : []));
  });
}
