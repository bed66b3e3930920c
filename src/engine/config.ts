/** Defaults, then the image's wishes, then the user's flags: the configuration before anyone else changes it. */
import type { OpenImage } from './images/image.js';
import { parseBind, parseEnvironment } from './request.js';
import type { ContainerConfig, RunRequest } from './shapes.js';

const STANDARD_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface Caller {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** The caller's TERM. */
  readonly terminal: string | undefined;
}

/** The mounts of the image itself are no part of it: they are what the image is, not what was asked of it. */
export function buildConfig(request: RunRequest, image: OpenImage, caller: Caller): ContainerConfig {
  const rootInside = caller.uid === 0 || request.fakeroot;
  const defaults = {
    PATH: STANDARD_PATH,
    HOME: rootInside ? '/root' : caller.home,
    ...(caller.terminal === undefined ? {} : { TERM: caller.terminal }),
  };
  return {
    image: request.image,
    command: request.command.length > 0 ? [...request.command] : [...(image.command ?? ['/bin/sh'])],
    env: { ...defaults, ...image.env, ...parseEnvironment(request.env) },
    mounts: request.binds.map((bind) => parseBind(bind)),
    ...(request.hostname === undefined ? {} : { hostname: request.hostname }),
    workingDirectory: request.workingDirectory ?? '/',
    readOnly: request.readOnly,
  };
}
