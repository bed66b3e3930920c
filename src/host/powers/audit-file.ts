/**
 * The file of the audit, of one uid:
 *
 *   <directory>/audit.jsonl       0600 in 0700; appended to by all processes at once
 *   <directory>/audit.1.jsonl     the one before, up to audit.3.jsonl, the oldest
 *   <directory>/rotating/         there while a process renames them
 *
 * Lines are appended by one system call each (O_APPEND), so that those of parallel processes do not mix; not so on NFS. Written at
 * once and not in the background: it takes 10 to 12 µs (two busy cores; a use of a power takes 150 to 300), and what a process did before it was killed is on record.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemCodeOf } from '#base/errors.js';

export interface AuditFileOptions {
  readonly directory: string;
  /** The caller's; nobody else's directory or file is written to. */
  readonly uid: number;
  /** When a file is full, and the next line begins a new one. */
  readonly sizeMaxBytes?: number;
}

const oldFiles = 3;
/** A process that was killed while it renamed leaves its mark behind. */
const rotatingStaleMs = 10_000;

/** Answers with a function that appends one line, or throws why it cannot. Nothing is touched before the first line. */
export function openAuditFile({ directory, uid, sizeMaxBytes = 1_048_576 }: AuditFileOptions): (line: string) => void {
  const current = join(directory, 'audit.jsonl');
  let file: { readonly fd: number; readonly ino: number } | undefined;
  let isTorn = false;

  return (line) => {
    file = followFile(file);
    const bytes = Buffer.from(isTorn ? `\n${line}` : line);
    const written = writeSync(file.fd, bytes);
    isTorn = written < bytes.length;
    if (isTorn) throw new Error(`${current} takes no more, is the disk full?`);
  };

  /** The file at the path now: another process may have renamed the one that is open, or it is full. */
  function followFile(open: typeof file): NonNullable<typeof file> {
    const stats = statSync(current, { throwIfNoEntry: false });
    if (stats !== undefined && stats.size >= sizeMaxBytes) rotate(directory, current, sizeMaxBytes);
    else if (open !== undefined && stats?.ino === open.ino) return open;
    if (open !== undefined) closeSync(open.fd);
    file = undefined;
    requireDirectory(directory, uid);
    return openFile(current, uid);
  }
}

function openFile(path: string, uid: number): { fd: number; ino: number } {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.uid !== uid || stats.nlink > 1) throw new Error(`${path} is no file of the caller alone`);
    if ((stats.mode & 0o077) !== 0) throw new Error(`${path} is open to others: chmod 600 ${path}`);
    return { fd, ino: stats.ino };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function requireDirectory(path: string, uid: number): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stats = lstatSync(path);
  if (!stats.isDirectory() || stats.uid !== uid) throw new Error(`${path} is no directory of the caller`);
  if ((stats.mode & 0o077) !== 0) chmodSync(path, 0o700);
}

/** One process at a time; the others go on with the file that is there. Whether it is full is asked again by the one who may. */
function rotate(directory: string, current: string, sizeMaxBytes: number): void {
  const mark = join(directory, 'rotating');
  if (!takeMark(mark)) return;
  try {
    if ((statSync(current, { throwIfNoEntry: false })?.size ?? 0) < sizeMaxBytes) return;
    const names = [current, ...Array.from({ length: oldFiles }, (_, index) => join(directory, `audit.${index + 1}.jsonl`))];
    for (let index = oldFiles; index > 0; index--) renameIfThere(names[index - 1] ?? '', names[index] ?? '');
  } finally {
    removeMark(mark);
  }
}

function takeMark(mark: string): boolean {
  try {
    mkdirSync(mark, 0o700);
    return true;
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
  }
  const since = statSync(mark, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  if (Date.now() - since > rotatingStaleMs) removeMark(mark);
  return false;
}

/** Somebody else may have found it old. */
function removeMark(mark: string): void {
  try {
    rmdirSync(mark);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  }
}
