/** From what was asked for to mounts and variables: home, work directory, devices. Makes directories in the work directory alone. */
import { chmod, lstat, mkdir, stat } from 'node:fs/promises';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { readCdiEdits } from './cdi.js';
import { deviceMissing, workdirUnusable } from './errors.js';
import type { Device, Home } from './options.js';
import type { ContainerConfig, Mount } from './shapes.js';

export interface ResolveContext {
  /** HOME, where nobody set it. */
  readonly defaultHome: string | undefined;
  readonly cdiDirectories: readonly string[];
}

export async function resolveOptions(config: ContainerConfig, context: ResolveContext): Promise<ContainerConfig> {
  const cdi = await readCdiEdits(config.cdi ?? [], context.cdiDirectories);
  const mounts = [
    ...config.mounts,
    ...mountHome(config.home),
    ...(await mountWorkdir(config)),
    ...(await mountDevices([...(config.devices ?? []), ...cdi.devices])),
    ...cdi.mounts,
  ];
  return { ...config, mounts, env: { ...cdi.env, ...placeHome(config, context) } };
}

function mountHome(home: Home | undefined): Mount[] {
  if (home === undefined || home.type === 'none') return [];
  if (home.type === 'tmpfs') return [{ type: 'tmpfs', destination: home.destination, sizeBytes: home.sizeBytes }];
  return [{ type: 'bind', source: home.source, destination: home.destination, readOnly: home.readOnly ?? false }];
}

/** A HOME that somebody set stays. */
function placeHome({ env, home }: ContainerConfig, { defaultHome }: ResolveContext): Record<string, string> {
  if (home === undefined || env['HOME'] !== defaultHome) return env;
  return { ...env, HOME: home.type === 'none' ? '/' : home.destination };
}

/** As Apptainer has it: `WORKDIR/tmp`, `WORKDIR/var_tmp`, and what of `--scratch` is below it. */
async function mountWorkdir({ workdir, mounts }: ContainerConfig): Promise<Mount[]> {
  if (workdir === undefined) return [];
  await requireDirectory(workdir);
  const wanted: Mount[] = [
    { type: 'bind', source: `${workdir}/tmp`, destination: '/tmp' },
    { type: 'bind', source: `${workdir}/var_tmp`, destination: '/var/tmp' },
  ];
  const missing = wanted.filter(({ destination }) => !mounts.some((mount) => mount.destination === destination));
  const scratch = mounts.filter((mount) => mount.type === 'bind' && mount.source.startsWith(`${workdir}/scratch/`));
  for (const mount of [...missing, ...scratch]) if (mount.type === 'bind') await makeDirectory(workdir, mount.source, 0o1777);
  return missing;
}

async function requireDirectory(workdir: string): Promise<void> {
  const found = await stat(workdir).catch((thrown: unknown) => {
    throw workdirUnusable(workdir, systemCodeOf(thrown) === 'ENOENT' ? 'there is no such directory' : messageOf(thrown), thrown);
  });
  if (!found.isDirectory()) throw workdirUnusable(workdir, 'it is not a directory');
}

/** What is there already stays as it is; a link there would lead out of the work directory, and as root to anywhere. */
async function makeDirectory(workdir: string, path: string, mode: number): Promise<void> {
  for (const part of partsBelow(workdir, path)) {
    const found = await lstat(part).catch(() => undefined);
    if (found?.isSymbolicLink()) throw workdirUnusable(workdir, `${part} is a symbolic link`);
  }
  try {
    const first = await mkdir(path, { recursive: true });
    if (first !== undefined) await chmod(path, mode);
  } catch (thrown) {
    throw workdirUnusable(workdir, messageOf(thrown), thrown);
  }
}

/** `/w/scratch` and `/w/scratch/a` of `/w` and `/w/scratch/a`. */
function partsBelow(directory: string, path: string): string[] {
  const names = path.slice(directory.length).split('/').filter(Boolean);
  return names.map((_, index) => [directory, ...names.slice(0, index + 1)].join('/'));
}

async function mountDevices(devices: readonly Device[]): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const { path, destination = path, optional = false } of devices) {
    const found = await stat(path).catch((thrown: unknown) => {
      if (optional && systemCodeOf(thrown) === 'ENOENT') return undefined;
      throw deviceMissing(path, systemCodeOf(thrown) === 'ENOENT' ? 'this host has no such device' : messageOf(thrown));
    });
    if (found === undefined) continue;
    if (!found.isCharacterDevice() && !found.isBlockDevice()) throw deviceMissing(path, 'it is not a device');
    mounts.push({ type: 'bind', source: path, destination });
  }
  return mounts;
}
