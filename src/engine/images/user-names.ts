/** Names of users and groups, as the image knows them. */
import { join } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import { optionInvalid } from '../errors.js';
import { createTree, resolvePath } from '../mounts/root-tree.js';
import type { DirectoryImage, OpenImage } from './image.js';

const FILE_BYTES_MAX = 1_048_576;

/** `NAME[:GROUP]`, each a name or a number, as `UID:GID`. What is in numbers already, or absent, stays as it is. */
export async function nameToNumbers(typed: string | undefined, image: OpenImage): Promise<string | undefined> {
  if (typed === undefined || /^\d+(?::\d+)?$/.test(typed)) return typed;
  const refuse = (why: string) => optionInvalid('--user', typed, why, '--user 1000:1000');
  if (image.kind !== 'directory') throw refuse('this image cannot be asked for names before it runs; numbers it takes');
  const [user = '', group, ...rest] = typed.split(':');
  if (user === '' || group === '' || rest.length > 0) throw refuse('it must be USER[:GROUP]');
  const known = (await readRows(image, '/etc/passwd')).find(([name, , uid]) => name === user || uid === user);
  const uid = isNumber(user) ? user : known?.[2];
  if (uid === undefined || !isNumber(uid)) throw refuse(`the image knows no user "${user}"`);
  const gid =
    group === undefined
      ? known?.[3]
      : isNumber(group)
        ? group
        : (await readRows(image, '/etc/group')).find(([name]) => name === group)?.[2];
  if (gid === undefined || !isNumber(gid)) throw refuse(`the image knows no group "${group ?? `of ${user}`}"`);
  return `${uid}:${gid}`;
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}

/** Links are followed inside the image. Whoever may write to it could lead this to another file; all that comes of it are two numbers. */
async function readRows({ path, view = path }: DirectoryImage, file: string): Promise<string[][]> {
  const tree = createTree({ type: 'image', source: view, readOnly: true, ownerUid: 0, ownerGid: 0, mode: 0o755 });
  const resolved = await resolvePath(tree, file);
  try {
    const { bytes } = await readRegularFile(join(view, resolved.path), { bytesMax: FILE_BYTES_MAX, noFollow: true });
    return new TextDecoder()
      .decode(bytes)
      .split('\n')
      .map((line) => line.split(':'));
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return [];
    throw thrown;
  }
}
