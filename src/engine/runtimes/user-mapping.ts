/**
 * More users than root in the container of an ordinary user.
 *
 *      inside         outside
 *      0              the caller
 *      1 … n          of what /etc/subuid and /etc/subgid give the caller: all, or what somebody else chose, as is checked here
 *
 * newuidmap(1) and newgidmap(1) write it into the kernel; they check the same once more, with rights that the engine does not have.
 * Where nobody chose, and these are not there or may not, root is alone.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { toolMissing, userMappingFailed, userMappingRefused } from '../errors.js';
import { findTool, TOOL_DIRECTORIES } from '../tools.js';

export interface IdRange {
  inside: number;
  outside: number;
  count: number;
}

export interface OwnedRange {
  first: number;
  count: number;
}

export interface UserMapping {
  uids: IdRange[];
  gids: IdRange[];
}

export interface RequestedMapping extends UserMapping {
  /** Where it cannot be written root is alone, and this is told why; without it that is an error. */
  readonly orAlone?: (why: string) => void;
}

export interface OwnedRanges {
  uids: OwnedRange[];
  gids: OwnedRange[];
}

/** Of these the answer is made, so that there is no end to be found of a file of thousands. */
const OWNED_MAX = 256;
/** Of lines that are asked for; the kernel takes 340. */
const MAPPED_MAX = 64;
const DEADLINE_MS = 10_000;

/** What the caller may map; nothing where there are no such files. */
export async function readOwnedRanges(uid: number): Promise<OwnedRanges> {
  const names = [String(uid), ...findAccountName()];
  const read = async (path: string) => parseOwned(await readIfThere(path), names);
  return { uids: await read('/etc/subuid'), gids: await read('/etc/subgid') };
}

/** Lines of `name:first:count`, where the name may be a uid. What is no such line is nobody's. */
export function parseOwned(text: string, names: readonly string[]): OwnedRange[] {
  const ranges = text.split('\n').flatMap((line) => {
    const [, name = '', first, count] = /^([^:#]+):(\d{1,10}):(\d{1,10})\s*$/.exec(line) ?? [];
    return names.includes(name) && Number(count) > 0 ? [{ first: Number(first), count: Number(count) }] : [];
  });
  return ranges.slice(0, OWNED_MAX);
}

/** What is asked for where nobody chooses: all of it, one behind the other. Undefined, once that was told, where it cannot be. */
export async function mapAllOwned(owned: OwnedRanges, tell: (why: string) => void): Promise<RequestedMapping | undefined> {
  const orAlone = (why: string): void => tell(`Root is the only user inside: ${why}`);
  const [uids, gids] = [putInARow(owned.uids), putInARow(owned.gids)];
  if (uids.length === 0 || gids.length === 0) return void orAlone('/etc/subuid and /etc/subgid do not give you subordinate ids');
  // Neither newuidmap nor what becomes root of the namespace gains anything then.
  if (/^NoNewPrivs:\s+1$/m.test(await readIfThere('/proc/self/status')))
    return void orAlone('newuidmap gains no rights, as nothing does here');
  try {
    await requireMappers();
  } catch (thrown) {
    return void orAlone(messageOf(thrown));
  }
  return { uids, gids, orAlone };
}

/** From 1 on: 0 is the caller. A file may give the same ids twice. */
function putInARow(owned: readonly OwnedRange[]): IdRange[] {
  const row: IdRange[] = [];
  let inside = 1;
  for (const { first, count } of owned) {
    if (row.length === MAPPED_MAX || row.some((range) => overlap(first, count, range.outside, range.count))) continue;
    row.push({ inside, outside: first, count });
    inside += count;
  }
  return row;
}

/** Throws unless each range is the caller's own, and no id is mapped twice. */
export function checkMapping(mapping: UserMapping, owned: OwnedRanges): void {
  checkRanges('uids', mapping.uids, owned.uids);
  checkRanges('gids', mapping.gids, owned.gids);
}

function checkRanges(kind: 'uids' | 'gids', ranges: readonly IdRange[], owned: readonly OwnedRange[]): void {
  const file = kind === 'uids' ? '/etc/subuid' : '/etc/subgid';
  for (const [index, { inside, outside, count }] of ranges.entries()) {
    const name = `${kind} ${outside} to ${outside + count - 1}`;
    if (inside === 0) throw userMappingRefused(`${name}: 0 inside is the caller already`);
    if (!owned.some(({ first, count: many }) => outside >= first && outside + count <= first + many))
      throw userMappingRefused(`${name}: ${file} does not give them to the caller`);
    for (const other of ranges.slice(0, index)) {
      if (overlap(inside, count, other.inside, other.count)) throw userMappingRefused(`${name}: ids inside are mapped twice`);
      if (overlap(outside, count, other.outside, other.count)) throw userMappingRefused(`${name}: they are mapped twice`);
    }
  }
}

function overlap(first: number, count: number, otherFirst: number, otherCount: number): boolean {
  return first < otherFirst + otherCount && otherFirst < first + count;
}

/** Maps the users of the namespace that this process has made; it waits meanwhile. */
export async function writeMapping(
  pid: number,
  { uids, gids, orAlone }: RequestedMapping,
  caller: { uid: number; gid: number },
): Promise<void> {
  const write = async (name: MapperName, own: number, ranges: readonly IdRange[]): Promise<void> => {
    try {
      await runMapper(name, pid, [{ inside: 0, outside: own, count: 1 }, ...ranges]);
    } catch (thrown) {
      if (orAlone === undefined) throw thrown;
      orAlone(messageOf(thrown));
      await writeAlone(name, pid, own);
    }
  };
  await write('newuidmap', caller.uid, uids);
  await write('newgidmap', caller.gid, gids);
}

/** What the kernel takes from everybody. */
async function writeAlone(name: MapperName, pid: number, own: number): Promise<void> {
  if (name === 'newgidmap') await writeFile(`/proc/${pid}/setgroups`, 'deny');
  await writeFile(`/proc/${pid}/${name === 'newuidmap' ? 'uid_map' : 'gid_map'}`, `0 ${own} 1\n`);
}

/** For before anything has started: who asked for a mapping should not learn in its midst that it cannot be. */
export async function requireMappers(): Promise<void> {
  for (const name of ['newuidmap', 'newgidmap'])
    if ((await findTool(name, TOOL_DIRECTORIES)) === undefined) throw toolMissing(name, 'uidmap');
}

type MapperName = 'newuidmap' | 'newgidmap';

async function runMapper(name: MapperName, pid: number, ranges: readonly IdRange[]): Promise<void> {
  const program = await findTool(name, TOOL_DIRECTORIES);
  if (program === undefined) throw toolMissing(name, 'uidmap');
  const words = [pid, ...ranges.flatMap(({ inside, outside, count }) => [inside, outside, count])].map(String);
  await new Promise<void>((resolve, reject) => {
    const options = { env: { LC_ALL: 'C' }, cwd: '/', timeout: DEADLINE_MS };
    execFile(program, words, options, (failure, _stdout, stderr) =>
      failure === null ? resolve() : reject(userMappingFailed(name, stderr.trim().split('\n')[0] ?? failure.message)),
    );
  });
}

function findAccountName(): string[] {
  try {
    return [userInfo().username];
  } catch {
    return [];
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (['ENOENT', 'EACCES'].includes(systemCodeOf(thrown) ?? '')) return '';
    throw thrown;
  }
}
