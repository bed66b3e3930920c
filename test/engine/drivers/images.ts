/** Images that are files, made by the programs that make them everywhere. */
import { execFileSync } from 'node:child_process';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export async function makeSquashfs(directory: string, source: string): Promise<string> {
  const file = join(directory, 'image.squashfs');
  execFileSync('mksquashfs', [source, file, '-noappend', '-quiet', '-no-progress', '-no-xattrs', '-all-root'], { stdio: 'ignore' });
  return file;
}

export async function makeExt4(directory: string, source: string): Promise<string> {
  const file = join(directory, 'image.ext4');
  await writeFile(file, '');
  await truncate(file, 16 * 1_048_576);
  execFileSync('/sbin/mke2fs', ['-q', '-t', 'ext4', '-d', source, file]);
  return file;
}

/** Around a squashfs, as its primary system partition. */
export function makeSif(directory: string, squashfs: string): string {
  const file = join(directory, 'image.sif');
  execFileSync('siftool', ['new', file]);
  const partition = ['--datatype', '4', '--parttype', '2', '--partfs', '1', '--partarch', process.arch === 'arm64' ? '4' : '2'];
  execFileSync('siftool', ['add', ...partition, '--groupid', '1', file, squashfs]);
  return file;
}
