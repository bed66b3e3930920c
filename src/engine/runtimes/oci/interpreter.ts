/**
 * A script whose interpreter is missing. Of the programs that start containers each has its own way of saying so, all on the command's
 * standard error, and all end with 1, as the command itself might. So it is looked for in the image, once something ended so.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { posix } from 'node:path';
import { findLayer, findSource, resolvePath, type RootTree } from '../../mounts/root-tree.js';
import type { ContainerConfig } from '../../shapes.js';

/** Of a script's first line the kernel reads no more. */
const LINE_BYTES_MAX = 256;

/** 127 where there is none, 126 where it is a directory, as a shell says it; undefined of all else, and where that cannot be told from here. */
export async function judgeInterpreter(
  tree: RootTree,
  config: Pick<ContainerConfig, 'command' | 'env' | 'workingDirectory'>,
): Promise<126 | 127 | undefined> {
  try {
    const script = await findCommand(tree, config);
    const interpreter = script === undefined ? undefined : await readInterpreter(tree, script);
    if (interpreter === undefined) return undefined;
    const { entry } = await resolvePath(tree, posix.resolve(config.workingDirectory, interpreter));
    return entry === undefined ? 127 : entry.kind === 'directory' ? 126 : undefined;
  } catch {
    return undefined;
  }
}

/** Of a command that was not executed, by what is in its place: 127 where there is nothing, 126 where there is a directory. */
export async function judgeCommand(
  tree: RootTree,
  config: Pick<ContainerConfig, 'command' | 'env' | 'workingDirectory'>,
): Promise<126 | 127 | undefined> {
  try {
    if ((await findCommand(tree, config)) !== undefined) return undefined;
    const [name = ''] = config.command;
    if (!name.includes('/')) return 127;
    const { entry } = await resolvePath(tree, posix.resolve(config.workingDirectory, name));
    return entry === undefined ? 127 : entry.kind === 'directory' ? 126 : undefined;
  } catch {
    return undefined;
  }
}

/** Its path in the container, without symbolic links. */
async function findCommand(tree: RootTree, { command: [name = ''], env, workingDirectory }: Parameters<typeof judgeInterpreter>[1]) {
  const directories = name.includes('/') ? [''] : (env['PATH'] ?? '').split(':');
  for (const directory of directories) {
    const { path, entry } = await resolvePath(tree, posix.resolve(workingDirectory, directory, name));
    if (entry?.kind === 'file') return path;
  }
  return undefined;
}

async function readInterpreter(tree: RootTree, path: string): Promise<string | undefined> {
  const { point, content } = findLayer(tree, path);
  if (content.type !== 'image' && content.type !== 'bind') return undefined;
  const source = await findSource(content, posix.relative(point, path));
  if (source === undefined) return undefined;
  const file = await open(source.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LINE_BYTES_MAX), 0, LINE_BYTES_MAX, 0);
    return /^#![ \t]*([^\s\0]+)/.exec(buffer.toString('utf8', 0, bytesRead))?.[1];
  } finally {
    await file.close();
  }
}
