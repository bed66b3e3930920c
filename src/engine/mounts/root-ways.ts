/**
 * Which way a root file system is made, as one table. The first way that nothing speaks against is tried; where it fails before the
 * command runs, the next one. What is looked for is looked for only when its turn comes: where the first way works, nothing is.
 *
 *      squashfs   (a plugin's driver)   kernel ▸ squashfuse_ll ▸ squashfuse ▸ unpack      else refused, with what to install
 *      ext3       (a plugin's driver)   kernel ▸ fuse2fs                                  else refused, with what to install
 *      overlay                          kernel ▸ driver ▸ fuse-overlayfs ▸ copy           else refused, with what the kernel said
 *
 * The kernel lays overlays for ordinary users too (5.11 and newer, in their user namespace); file systems of files it mounts for root
 * alone. squashfuse_ll reads twice as fast as squashfuse, and the kernel twice as fast as that; what is unpacked is the fastest to
 * read, and takes seconds and room on the disk once for each image.
 */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { Identity } from '../runtimes/identity.js';
import { findTool, TOOL_DIRECTORIES } from '../tools.js';

export type RootNeed = 'squashfs' | 'ext3' | 'overlay';
export type RootWay = 'kernel' | 'squashfuse_ll' | 'squashfuse' | 'unpack' | 'fuse2fs' | 'driver' | 'fuse-overlayfs' | 'copy';

export interface Circumstances {
  readonly identity: Identity;
  /** Whether users other than root are mapped in a user namespace. */
  readonly hasUsers: boolean;
  /** Where images may be unpacked, if anywhere. */
  readonly directory?: string | undefined;
  /** Whether somebody else offers to. Asked once at most. */
  readonly hasDriver?: (() => Promise<boolean>) | undefined;
  /** Ways that shall not be taken. */
  readonly avoid?: readonly RootWay[] | undefined;
  /** Where programs are looked for; the fixed places where absent. */
  readonly programDirectories?: readonly string[] | undefined;
}

export interface PassedWay {
  readonly way: RootWay;
  readonly why: string;
}

export interface ChosenWay {
  readonly way: RootWay;
  /** Absolute; of a way that is a program. */
  readonly program?: string | undefined;
  /** Those before it. */
  readonly passed: readonly PassedWay[];
}

/** Why a way cannot be taken; undefined where nothing speaks against it. */
type Objection = (circumstances: Circumstances) => string | undefined | Promise<string | undefined>;

interface WayRule {
  readonly way: RootWay;
  readonly program?: string;
  readonly objections: readonly Objection[];
}

const TABLE: Readonly<Record<RootNeed, readonly WayRule[]>> = {
  squashfs: [
    { way: 'kernel', objections: [isNotRoot, lacksLoop] },
    { way: 'squashfuse_ll', program: 'squashfuse_ll', objections: [lacksFuse, hasMoreUsers] },
    { way: 'squashfuse', program: 'squashfuse', objections: [lacksFuse, hasMoreUsers] },
    { way: 'unpack', program: 'unsquashfs', objections: [lacksPlace] },
  ],
  ext3: [
    { way: 'kernel', objections: [isNotRoot, lacksLoop] },
    { way: 'fuse2fs', program: 'fuse2fs', objections: [lacksFuse, hasMoreUsers] },
  ],
  overlay: [
    { way: 'kernel', objections: [] },
    { way: 'driver', objections: [lacksDriver] },
    { way: 'fuse-overlayfs', program: 'fuse-overlayfs', objections: [lacksFuse] },
    { way: 'copy', objections: [] },
  ],
};

/** What to install where no way is left. */
export const PACKAGES: Readonly<Record<'squashfs' | 'ext3', string>> = { squashfs: 'squashfuse', ext3: 'fuse2fs' };

/** `passed` are the ways that were tried, and why they failed. `way` is undefined where none is left. */
export async function chooseWay(
  need: RootNeed,
  circumstances: Circumstances,
  tried: readonly PassedWay[] = [],
): Promise<ChosenWay | { readonly way: undefined; readonly passed: readonly PassedWay[] }> {
  const passed: PassedWay[] = [];
  for (const rule of TABLE[need]) {
    const verdict = await judge(rule, circumstances, tried);
    if (typeof verdict === 'object') return { way: rule.way, program: verdict.program, passed };
    passed.push({ way: rule.way, why: verdict });
  }
  return { way: undefined, passed };
}

/** Why not, or the program. */
async function judge(
  { way, program, objections }: WayRule,
  circumstances: Circumstances,
  tried: readonly PassedWay[],
): Promise<string | { readonly program: string | undefined }> {
  const { avoid = [], programDirectories = TOOL_DIRECTORIES } = circumstances;
  const failed = tried.find((one) => one.way === way);
  if (failed !== undefined) return failed.why;
  if (avoid.includes(way)) return 'it shall not be taken';
  const path = program === undefined ? undefined : await findTool(program, programDirectories);
  if (program !== undefined && path === undefined) return `${program} is not installed`;
  for (const objection of objections) {
    const why = await objection(circumstances);
    if (why !== undefined) return why;
  }
  return { program: path };
}

/** For --debug, e.g. `squashfs by squashfuse_ll; not by kernel: it mounts squashfs for root alone`. */
export function describeChoice(need: RootNeed, { way, passed }: ChosenWay): string {
  const by = `${need} by ${way}`;
  return passed.length === 0 ? by : `${by}; not by ${describePassed(passed)}`;
}

export function describePassed(passed: readonly PassedWay[]): string {
  return passed.map(({ way, why }) => `${way}: ${why}`).join('; ');
}

function isNotRoot({ identity }: Circumstances): string | undefined {
  return identity === 'root' ? undefined : 'it mounts files for root alone';
}

async function lacksLoop(): Promise<string | undefined> {
  return (await canAccess('/dev/loop-control', constants.F_OK)) ? undefined : 'there are no loop devices here';
}

async function lacksFuse(): Promise<string | undefined> {
  return (await canAccess('/dev/fuse', constants.R_OK | constants.W_OK)) ? undefined : 'you may not open /dev/fuse';
}

/** In a user namespace only `allow_other` would show it to them, and that would hide it from the engine, which is outside. */
function hasMoreUsers({ identity, hasUsers }: Circumstances): string | undefined {
  return hasUsers && identity !== 'root' ? 'what it mounts the other users of the container could not see' : undefined;
}

function lacksPlace({ directory }: Circumstances): string | undefined {
  return directory === undefined ? 'there is no place to unpack it in' : undefined;
}

async function lacksDriver({ hasDriver }: Circumstances): Promise<string | undefined> {
  return (await hasDriver?.()) === true ? undefined : 'no enabled plugin offers to';
}

async function canAccess(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
