import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A small root file system in a directory: the host's sh, ls, cat and touch with the libraries that they load, and /etc/marker. */
export async function makeRootfs(directory: string): Promise<string> {
  for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp']) await mkdir(join(directory, name), { recursive: true });
  for (const program of ['sh', 'ls', 'cat', 'touch']) {
    const path = `/bin/${program}`;
    await copyFile(await realpath(path), join(directory, path));
    for (const library of librariesOf(path)) {
      await mkdir(dirname(join(directory, library)), { recursive: true });
      await copyFile(library, join(directory, library));
    }
  }
  await symlink('marker', join(directory, 'etc/link'));
  await writeFile(join(directory, 'etc/marker'), 'from the image\n');
  return directory;
}

/** The same of busybox, which must be a static one: `busybox` on PATH. */
export async function makeBusyboxRootfs(directory: string): Promise<string> {
  for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp']) await mkdir(join(directory, name), { recursive: true });
  const program = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
  await copyFile(await realpath(program), join(directory, 'bin/busybox'));
  const applets = execFileSync(program, ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean);
  for (const applet of applets) if (applet !== 'busybox') await symlink('busybox', join(directory, 'bin', applet));
  await writeFile(join(directory, 'etc/marker'), 'from the image\n');
  return directory;
}

function librariesOf(program: string): string[] {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}
