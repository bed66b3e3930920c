import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import { makeUpper } from './kept-layer.js';
import type { MountLayout } from './layout.js';
import type { Layer, RootTree } from './root-tree.js';

/** Makes the directories, files and links of a layout in a session directory; mounts nothing. */
export async function writeLayout(session: string, layout: MountLayout): Promise<void> {
  for (const { path, mode, owner } of layout.directories) {
    const directory = join(session, path);
    // The image's directory above an added one is not listed: of the two the image's is seen, with its owner and mode.
    await mkdir(directory, { recursive: true });
    // Not by mkdir: the caller's umask would have its say.
    await chmod(directory, mode);
    if (owner !== undefined) await chown(directory, owner.uid, owner.gid);
  }
  for (const path of layout.files) await writeFile(await openPlace(session, path), '', { flag: 'wx', mode: 0o644 });
  for (const [path, text] of layout.texts) {
    const place = await openPlace(session, path);
    await writeFile(place, text, { flag: 'wx' });
    await chmod(place, 0o644);
  }
  for (const [path, target] of layout.links) await symlink(target, await openPlace(session, path));
}

async function openPlace(session: string, path: string): Promise<string> {
  const place = join(session, path);
  await mkdir(dirname(place), { recursive: true });
  return place;
}

/** Beside the session, what outlives it: the layer that keeps what is written, and what is missing in a copy. */
export async function writeKept({ layers: [root] }: RootTree, isRealRoot: boolean): Promise<void> {
  const { content } = root;
  if (content.type !== 'image') return;
  if (content.isCopy === true) return fillCopy(root);
  if (content.kept === undefined || content.readOnly) return;
  const owner = isRealRoot ? { uid: content.ownerUid, gid: content.ownerGid } : undefined;
  return makeUpper(content.kept, { mode: content.mode, owner });
}

/** What was added by an earlier run is there. */
async function fillCopy({ content, additions }: Layer): Promise<void> {
  if (content.type !== 'image') return;
  for (const [path, entry] of [...additions].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const place = join(content.source, path);
    if (entry.kind === 'directory') await mkdir(place, { recursive: true });
    else if (entry.kind === 'link') await unlessThere(symlink(entry.target, place));
    else await unlessThere(writeFile(place, '', { flag: 'wx', mode: 0o644 }));
  }
}

async function unlessThere(work: Promise<void>): Promise<void> {
  await work.catch((thrown: unknown) => {
    if (systemCodeOf(thrown) !== 'EEXIST') throw thrown;
  });
}
