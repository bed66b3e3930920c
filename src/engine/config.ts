/** Defaults, then the image's wishes, then the user's flags: the configuration before anyone else changes it. */
import type { OpenImage } from './images/image.js';
import { nameToNumbers } from './images/user-names.js';
import type { ContainerOptions } from './options.js';
import { optionInvalid } from './errors.js';
import { parseBind, parseEnvironment } from './request.js';
import { parseOptions, parseScratch, parseTmpfs, readEnvironmentFiles } from './request-options.js';
import type { ContainerConfig, RunRequest } from './shapes.js';
import { parseMountFlag, parseVolumeFlag } from './volumes/mount-flags.js';

const STANDARD_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface Caller {
  readonly uid: number;
  readonly gid: number;
  /** Of the account, or `user`. */
  readonly name: string;
  readonly home: string;
  /** The caller's TERM. */
  readonly terminal: string | undefined;
}

/** The mounts of the image itself are no part of it: they are what the image is, not what was asked of it. */
export async function buildConfig(
  request: RunRequest,
  image: OpenImage,
  { volumeDirectory, ...caller }: Caller & { readonly volumeDirectory?: string | undefined },
): Promise<ContainerConfig> {
  const { options: typed = {} } = request;
  const { mounts = [], volumes = [] } = typed;
  const options = parseOptions({ ...typed, user: await nameToNumbers(typed.user, image) }, caller);
  if (request.fakeroot && caller.uid !== 0 && (options.user?.uid ?? 0) !== 0)
    throw optionInvalid('--user', typed.user ?? '', 'with --fakeroot the command is uid 0', '--fakeroot');
  // Nobody but root can be another one.
  const user = options.user ?? (caller.uid === 0 ? image.user : request.fakeroot ? { uid: 0, gid: 0 } : undefined);
  return {
    image: request.image,
    command: chooseCommand(request, image),
    env: await buildEnvironment(request, wishesOf(image, options), findDefaults(user, caller, request)),
    mounts: [
      ...parseScratch(typed),
      ...parseTmpfs(typed),
      ...request.binds.map((bind) => parseBind(bind)),
      ...mounts.map((mount) => parseMountFlag(mount, volumeDirectory)),
      ...volumes.map((volume) => parseVolumeFlag(volume, volumeDirectory)),
    ],
    ...(request.hostname === undefined ? {} : { hostname: request.hostname }),
    workingDirectory: request.workingDirectory ?? image.workingDirectory ?? '/',
    readOnly: request.readOnly,
    ...options,
    ...(user === undefined ? {} : { user }),
  };
}

/** As with Docker: what the user types stands in for the image's command, behind its entrypoint; with `--entrypoint` for both. */
function chooseCommand({ command: typed, options: { entrypoint: asked } = {} }: RunRequest, image: OpenImage): string[] {
  if (asked !== undefined) return [asked, ...typed];
  const { entrypoint = [], command = [] } = image;
  const words = [...entrypoint, ...(typed.length > 0 ? typed : command)];
  return words.length > 0 ? words : ['/bin/sh'];
}

/** HOME, where nobody set it. */
export function defaultHome(user: ContainerConfig['user'], { uid, home }: Caller): string {
  return (user?.uid ?? uid) === 0 ? '/root' : home;
}

/** Whoever says where HOME is means it, whatever the image says. */
function wishesOf({ env = {} }: OpenImage, { home }: ContainerOptions): Readonly<Record<string, string>> {
  return home === undefined ? env : Object.fromEntries(Object.entries(env).filter(([name]) => name !== 'HOME'));
}

/** Programs at a terminal need to know of some kind. */
function findDefaults(user: ContainerConfig['user'], caller: Caller, { terminal: isOwn }: RunRequest): Record<string, string> {
  const terminal = caller.terminal ?? (isOwn === true ? 'xterm' : undefined);
  return { PATH: STANDARD_PATH, HOME: defaultHome(user, caller), ...(terminal === undefined ? {} : { TERM: terminal }) };
}

async function buildEnvironment(
  { env, options: { cleanEnv = false, envFiles, unsetEnv = [] } = {} }: RunRequest,
  image: Readonly<Record<string, string>>,
  { TERM, ...defaults }: Record<string, string>,
): Promise<Record<string, string>> {
  const all = {
    ...defaults,
    ...(TERM === undefined || cleanEnv ? {} : { TERM }),
    ...(cleanEnv ? {} : image),
    ...(await readEnvironmentFiles(envFiles)),
    ...parseEnvironment(env),
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => !unsetEnv.includes(name)));
}
