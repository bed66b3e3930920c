/**
 * Plans the root: what the image is, then the kernel's and the device file systems, then what the configuration asks for.
 * Reads the image's directories, changes nothing. Parents come before children, so that no mount hides another by accident.
 */
import { realpath, stat } from 'node:fs/promises';
import { systemCodeOf } from '#base/errors.js';
import { imagePlanInvalid, mountPointMismatch, optionUnsupported, workingDirectoryMissing } from '../errors.js';
import type { RootImage } from '../images/image.js';
import type { Identity } from '../runtimes/identity.js';
import type { ContainerConfig, Mount } from '../shapes.js';
import { validateMounts } from '../validate.js';
import { refuseDestination } from './destinations.js';
import { layDevices, type CommandTerminal } from './devices.js';
import { layGenerated, type Account } from './generated-files.js';
import {
  addEntry,
  createTree,
  findLayer,
  findSource,
  layContent,
  readEntry,
  resolvePath,
  type Content,
  type LayerDirectory,
  type RootTree,
} from './root-tree.js';

export interface RootRequest {
  readonly image: RootImage;
  readonly config: ContainerConfig;
  readonly identity: Identity;
  readonly uid: number;
  /** Who the command is, inside. */
  readonly account: Account;
  readonly terminal: CommandTerminal;
  readonly layers?: RootLayers | undefined;
}

/** What lies over the image, besides memory. */
export interface RootLayers {
  /** The last one is on top. */
  readonly over: readonly LayerDirectory[];
  /** Where what is written stays, see kept-layer.ts. */
  readonly kept?: string | undefined;
}

export async function planRoot(request: RootRequest): Promise<RootTree> {
  const { image, config } = request;
  const planned = image.kind === 'plan' ? await validateMounts(image.mounts) : [];
  const root = await chooseRoot(request, planned);
  const tree = createTree(root);
  await layImage(tree, request, planned);
  await layTemporary(tree, request);
  for (const mount of sortByDepth(config.mounts)) await layMount(tree, mount);
  await layGenerated(tree, config, request.account);
  await refuseWorkingDirectory(tree, config.workingDirectory);
  return tree;
}

/** A directory, or the plan's own mount at `/`, or an empty root in memory. */
async function chooseRoot({ image, config, layers }: RootRequest, planned: readonly Mount[]): Promise<Content> {
  const laid = { sizeBytes: config.rootSizeBytes, over: layers?.over, kept: layers?.kept };
  if (image.kind === 'directory') {
    const { path: source, view, isCopy, ownerUid, ownerGid, mode } = image;
    return { type: 'image', source, view, readOnly: config.readOnly, ownerUid, ownerGid, mode, isCopy, ...(isCopy === true ? {} : laid) };
  }
  const root = planned.find((mount) => mount.destination === '/');
  if (root?.type !== 'bind') {
    const { over = [], kept } = layers ?? {};
    if (kept !== undefined) return layOverNothing(laid, { kept, readOnly: config.readOnly });
    if (over.length > 0) throw optionUnsupported('overlay', `nothing can lie over the root of ${config.image}, which is memory`);
    return { type: 'tmpfs', mode: 0o755, readOnly: config.readOnly, sizeBytes: config.rootSizeBytes ?? root?.sizeBytes };
  }
  const source = await realpath(root.source);
  const stats = await stat(source);
  if (!stats.isDirectory()) throw imagePlanInvalid(config.image, `it wants ${source} as its root, which is not a directory`);
  const readOnly = config.readOnly || root.readOnly === true;
  const own = { ownerUid: stats.uid, ownerGid: stats.gid, mode: stats.mode & 0o7777 };
  return { type: 'image', source, readOnly, ...own, ...laid, ...(readOnly ? { kept: undefined } : {}) };
}

/** Instead of memory, where what is written is to stay: an empty directory beside it, see kept-layer.ts. */
function layOverNothing(laid: Partial<Content & { type: 'image' }>, { kept, readOnly }: { kept: string; readOnly: boolean }): Content {
  const [ownerUid, ownerGid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  return { ...laid, type: 'image', source: `${kept}/empty`, kept, readOnly, ownerUid, ownerGid, mode: 0o755 };
}

/** A plan's links and mounts, and between them, by depth, what every container has. */
async function layImage(tree: RootTree, request: RootRequest, planned: readonly Mount[]): Promise<void> {
  const links = request.image.kind === 'plan' ? request.image.links : new Map<string, string>();
  const mounts = planned.filter((mount) => mount.destination !== '/');
  for (const { destination } of mounts) refuseDestination(destination);
  const steps = [
    ...[...links].map(([path, target]) => ({ path, lay: () => layLink(tree, { image: request.config.image, path, target }) })),
    { path: '/proc', lay: () => layOwn(tree, '/proc', { type: 'proc' }) },
    { path: '/sys', lay: () => layOwn(tree, '/sys', { type: 'sys' }) },
    { path: '/dev', lay: () => layOwnDevices(tree, request.terminal) },
    ...mounts.map((mount) => ({ path: mount.destination, lay: () => layMount(tree, mount) })),
  ];
  for (const step of steps.toSorted((one, other) => depthOf(one.path) - depthOf(other.path))) await step.lay();
}

async function layOwn(tree: RootTree, path: string, content: Content): Promise<void> {
  const resolved = await resolvePath(tree, path);
  if (resolved.path !== path) throw mountPointMismatch(path, `it is a symbolic link in the image, and must be a directory`);
  await layContent(tree, path, content);
}

async function layOwnDevices(tree: RootTree, terminal: CommandTerminal): Promise<void> {
  await layOwn(tree, '/dev', { type: 'tmpfs', mode: 0o755, readOnly: false, sizeBytes: 65536 });
  await layDevices(tree, terminal);
}

async function layLink(tree: RootTree, { image, path, target }: { image: string; path: string; target: string }): Promise<void> {
  const present = await readEntry(tree, path);
  if (present?.kind === 'link' && present.target === target) return;
  if (present !== undefined) throw imagePlanInvalid(image, `it wants a link at ${path}, where a ${present.kind} is`);
  await addEntry(tree, path, { kind: 'link', target });
}

async function layMount(tree: RootTree, mount: Mount): Promise<void> {
  const { path } = await resolvePath(tree, mount.destination);
  refuseDestination(path, mount.destination);
  if (mount.type === 'tmpfs') return layContent(tree, path, { type: 'tmpfs', mode: 0o1777, readOnly: false, sizeBytes: mount.sizeBytes });
  const source = await realpath(mount.source);
  const isDirectory = (await stat(source)).isDirectory();
  return layContent(tree, path, { type: 'bind', source, isDirectory, readOnly: mount.readOnly ?? false, flags: mount.options });
}

/**
 * `/tmp` and `/var/tmp` are the image's own wherever the command could write there. It cannot in a read-only root; nor, for
 * an ordinary user, in a directory of someone else's: the writable layer cannot copy up what belongs to an unmapped uid.
 */
async function layTemporary(tree: RootTree, { identity, uid }: RootRequest): Promise<void> {
  const [{ content: root }] = tree.layers;
  if (root.type !== 'image' && root.type !== 'tmpfs') return;
  for (const path of ['/tmp', '/var/tmp']) {
    const resolved = await resolvePath(tree, path);
    if (resolved.entry?.kind !== 'directory' || findLayer(tree, resolved.path).point !== '/') continue;
    const isForeign = identity !== 'root' && root.type === 'image' && (await readOwner(root, resolved.path)) !== uid;
    if (root.readOnly || isForeign) await layContent(tree, resolved.path, { type: 'tmpfs', mode: 0o1777, readOnly: false });
  }
}

async function readOwner(root: Content & { type: 'image' }, path: string): Promise<number | undefined> {
  try {
    const found = await findSource(root, path.slice(1));
    return found === undefined ? undefined : (await stat(found.path)).uid;
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

async function refuseWorkingDirectory(tree: RootTree, path: string): Promise<void> {
  if (!path.startsWith('/') || path.includes('\0')) throw workingDirectoryMissing(path);
  const { entry } = await resolvePath(tree, path);
  if (entry?.kind !== 'directory' && entry?.kind !== 'opaque') throw workingDirectoryMissing(path);
}

function sortByDepth(mounts: readonly Mount[]): Mount[] {
  return mounts.toSorted((one, other) => depthOf(one.destination) - depthOf(other.destination));
}

function depthOf(path: string): number {
  return path.split('/').length;
}
