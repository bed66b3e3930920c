/** From what was typed to the configuration as everyone left it. Starts nothing, and writes nothing. */
import { homedir, userInfo } from 'node:os';
import { buildConfig, defaultHome, type Caller } from '../config.js';
import type { BuiltinImages } from '../images/built-in.js';
import type { OpenImage } from '../images/image.js';
import { openImage } from '../images/open-image.js';
import type { ContainerConfig, Moments, RunRequest } from '../shapes.js';
import { readPowers, validateOptions } from '../validate-options.js';
import { validateConfig } from '../validate.js';
import { leaveOutMissing } from '../volumes/hold.js';
import { untilStopped } from './stop.js';

export interface Configured {
  readonly caller: Caller;
  readonly image: OpenImage;
  readonly config: ContainerConfig;
  /** HOME, where nobody set it. */
  readonly defaultHome: string;
}

export interface ConfigureOptions {
  readonly stop: AbortSignal;
  /** Where volumes are; none can be asked for where it is absent. */
  readonly volumeDirectory?: string | undefined;
}

export async function configure(
  request: RunRequest,
  moments: Moments & BuiltinImages,
  { stop, volumeDirectory }: ConfigureOptions,
): Promise<Configured> {
  const caller = describeCaller();
  const asked = await untilStopped(openImage(request.image, moments), stop);
  const draft = await buildConfig(request, asked, { ...caller, volumeDirectory });
  const config = moments.configure === undefined ? draft : await untilStopped(moments.configure(draft), stop);
  validateOptions(config, readPowers());
  const image = config.image === draft.image ? asked : await untilStopped(openImage(config.image, moments), stop);
  return { caller, image, config, defaultHome: defaultHome(draft.user, caller) };
}

/** The configuration with which a container would run; throws where it could not. */
export async function configureContainer(
  request: RunRequest,
  moments: Moments & BuiltinImages,
  options: ConfigureOptions,
): Promise<ContainerConfig> {
  const { config } = await configure(request, moments, options);
  return validateConfig(leaveOutMissing(config, options.volumeDirectory));
}

function describeCaller(): Caller {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  return { uid, gid, name: findName(), home: homedir(), terminal: process.env['TERM'] };
}

/** A uid needs no account. It goes into a file of lines and colons. */
function findName(): string {
  try {
    const { username } = userInfo();
    return /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/.test(username) ? username : 'user';
  } catch {
    return 'user';
  }
}
