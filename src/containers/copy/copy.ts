/**
 * Copies between the host and a container that runs, through the root of its command:
 *
 *      /proc/COMMAND/root  ──▶  beneath.ts resolves the container's paths, held open  ──▶  tree.ts copies between held directories
 *
 * No program of the container runs, and none of the host runs inside of it. What is written belongs to the caller; who is root on the
 * host has root's rights there too, and nothing else is changed for it. Where what goes follows docker's rules.
 */
import { posix } from 'node:path';
import { BulkheadError, messageOf } from '#base/errors.js';
import { openRootDirectory, type Directory } from '#base/held-directory.js';
import { containerErrors } from '../errors.js';
import type { Container } from '../find.js';
import { judgeProcess } from '../process.js';
import { resolveBeneath, type Resolved } from './beneath.js';
import { copyChildren, copyEntry, type CopyContext, type Spot } from './tree.js';

/** A path of the host, absolute, or one in a container. Ends with `/.` where only what is in it is meant. */
export interface CopySide {
  readonly container?: Container | undefined;
  readonly path: string;
}

export interface CopyOptions {
  /** Where the source is a symbolic link: what it leads to. */
  readonly followLink: boolean;
  /** Takes what is left out, and why. */
  readonly warn: (line: string) => void;
}

export async function copy(source: CopySide, destination: CopySide, { followLink, warn }: CopyOptions): Promise<void> {
  const shown = showSide(source);
  const roots: Directory[] = [];
  const places: Resolved[] = [];
  try {
    for (const side of [source, destination]) roots.push(await openSide(side));
    const [fromRoot, toRoot] = roots as [Directory, Directory];
    const from = await resolveBeneath(fromRoot, source.path, { followLast: followLink || meansDirectory(source.path) });
    places.push(from);
    const to = await resolveBeneath(toRoot, destination.path, { followLast: true });
    places.push(to);
    await copyResolved(from, to, { source, destination, warn });
  } catch (thrown) {
    if (thrown instanceof BulkheadError) throw thrown;
    throw containerErrors.copyFailed(shown, showSide(destination), messageOf(thrown).replaceAll(/\/proc\/self\/fd\/\d+/g, ''), thrown);
  } finally {
    for (const place of places) await place.close();
    for (const root of roots) await root.close();
  }
}

interface Copying {
  readonly source: CopySide;
  readonly destination: CopySide;
  readonly warn: CopyContext['warn'];
}

async function copyResolved(from: Resolved, to: Resolved, { source, destination, warn }: Copying): Promise<void> {
  const [shown, target] = [showSide(source), showSide(destination)];
  const context = { warn, shown: source.path.replace(/\/+\.?$/, ''), depth: 0 };
  if (from.kind === 'absent') throw containerErrors.pathMissing(shown);
  if (from.kind === 'entry') {
    if (meansDirectory(source.path)) throw containerErrors.copyRefused(shown, 'it is not a directory');
    if (to.kind === 'absent' && meansDirectory(destination.path)) throw containerErrors.pathMissing(target);
    return copyEntry(from, to.kind === 'directory' ? { parent: to.directory, name: from.name } : to, context);
  }
  if (to.kind === 'entry') throw containerErrors.copyRefused(shown, `it is a directory, and ${target} is not`);
  const name = posix.basename(source.path);
  const isContents = source.path.endsWith('/.') || ['', '.', '..'].includes(name);
  if (to.kind === 'directory' && isContents) return copyChildren(from.directory, to.directory, context);
  const spot: Spot = to.kind === 'directory' ? { parent: to.directory, name } : to;
  await copyEntry({ parent: from.directory, name: '.' }, spot, context);
}

/** The root that its command sees. */
async function openSide({ container }: CopySide): Promise<Directory> {
  if (container === undefined) return openRootDirectory('/');
  const { record, state, status } = container;
  const { command } = state;
  if (status.status !== 'running' || command === undefined) throw containerErrors.copyNeedsRunning(record, status.status);
  if (judgeProcess(command) === 'foreign') throw containerErrors.foreign(record);
  const root = await openRootDirectory(`/proc/${command.pid}/root`);
  // Now it is held: it was that of the very process if that is still there.
  if (judgeProcess(command) === 'alive') return root;
  await root.close();
  throw containerErrors.copyNeedsRunning(record, 'stopped');
}

/** As `dir/` and `dir/.` do. */
function meansDirectory(path: string): boolean {
  return /\/\.?$/.test(path);
}

function showSide({ container, path }: CopySide): string {
  return container === undefined ? path : `${container.record.name ?? container.record.id}:${path}`;
}
