import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { MountLayout } from './layout.js';

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
