import { isDeepStrictEqual } from 'node:util';
import type { Log } from '#base/log.js';
import { choosePaths } from '#base/paths.js';
import { placeOf } from './places.js';
import type { BuiltinFlags, Scene } from './scene.js';
import type { Settings } from './settings.js';

export interface SceneOptions {
  readonly log: Log;
  /** Where the output of contributed commands goes. */
  readonly print: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** Which flags belong to built-in commands, as `{ run: ['--bind', '-B'] }`; no plugin may take one. */
  readonly builtinFlags: BuiltinFlags;
  /** Of `--plugin-dir`, in order. */
  readonly pluginDirectories: readonly string[];
  /** Opened for the same command line before; what it has read of the catalog need not be read again. */
  readonly early?: Pick<Scene, 'place' | 'outlines'> | undefined;
}

/** Reads nothing yet. */
export function openScene({ log, print, env, uid, builtinFlags, pluginDirectories, early }: SceneOptions): Scene {
  const paths = choosePaths({ env, uid });
  let settings: Promise<Settings> | undefined;
  let trust: ReturnType<Scene['trust']> | undefined;
  const place = placeOf(paths, pluginDirectories, uid);
  let read: ReturnType<Scene['outlines']> | undefined;
  const isSame = early !== undefined && isDeepStrictEqual(early.place, place);
  const outlines = isSame ? early.outlines : () => (read ??= import('#catalog/catalog.js').then(({ openOutlines }) => openOutlines(place)));
  return {
    log,
    print,
    env,
    uid,
    paths,
    builtinFlags,
    place,
    outlines,
    settings: () => (settings ??= import('./settings.js').then(({ readSettings }) => readSettings(paths.configFile, uid))),
    trust: () => (trust ??= import('./trust/store.js').then(({ readTrustStore }) => readTrustStore(paths, uid))),
  };
}
