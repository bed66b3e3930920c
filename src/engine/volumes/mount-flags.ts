/**
 * Reads `--mount` and `--volume`, as docker writes them:
 *
 *      --mount type=bind,source=/data,target=/mnt,readonly      type=volume,source=cache,target=/cache      type=tmpfs,target=/scratch,tmpfs-size=64M
 *      --volume SRC:DST[:OPTION,…]                              SRC is a path where it holds a "/", else the name of a volume
 */
import { resolve } from 'node:path';
import { optionInvalid } from '../errors.js';
import { parseBind, tidyDestination } from '../request.js';
import { parseSize } from '../request-options.js';
import type { Mount } from '../shapes.js';
import { isVolumeName, volumePath } from './volumes.js';

/** Answers with the host's directory for a volume's content. */
export type VolumeDirectory = string | undefined;

const KEYS: Readonly<Record<string, string>> = {
  type: 'type',
  source: 'source',
  src: 'source',
  target: 'target',
  destination: 'target',
  dst: 'target',
  readonly: 'readonly',
  ro: 'readonly',
  'tmpfs-size': 'size',
};
const EXAMPLE = '--mount type=bind,source=/data,target=/mnt,readonly';

export function parseMountFlag(typed: string, volumes: VolumeDirectory): Mount {
  const refuse = (why: string, example = EXAMPLE) => optionInvalid('--mount', typed, why, example);
  const words = new Map<string, string>();
  for (const part of typed.split(',')) {
    const [key = '', ...rest] = part.split('=');
    const name = KEYS[key.toLowerCase()];
    if (name === undefined) throw refuse(`there is no "${key}"; known are ${Object.keys(KEYS).join(', ')}`);
    if (words.has(name)) throw refuse(`it says twice what its ${name} is`);
    if (rest.length === 0 && name !== 'readonly') throw refuse(`"${key}" has no value`);
    words.set(name, rest.length === 0 ? 'true' : rest.join('='));
  }
  const { type = 'volume', source, target, size, readonly } = Object.fromEntries(words);
  if (target === undefined) throw refuse('it has no target');
  if (readonly !== undefined && !['true', 'false', '1', '0'].includes(readonly)) throw refuse('readonly is true or false');
  const destination = tidyDestination(`--mount ${typed}`, target);
  const readOnly = readonly === 'true' || readonly === '1';
  if (size !== undefined && type !== 'tmpfs')
    throw refuse('a size is for memory alone', '--mount type=tmpfs,target=/scratch,tmpfs-size=64M');
  switch (type) {
    case 'bind':
      if (source === undefined) throw refuse('it has no source');
      return { type, source: resolve(source), destination, readOnly };
    case 'volume':
      if (source === undefined) throw refuse('a volume needs a name', '--mount type=volume,source=cache,target=/cache');
      return mountVolume(source, { destination, readOnly, volumes, refuse });
    case 'tmpfs':
      if (source !== undefined || readOnly)
        throw refuse('memory has no source, and is there to be written', '--mount type=tmpfs,target=/scratch');
      return { type, destination, ...(size === undefined ? {} : { sizeBytes: parseSize('--mount tmpfs-size', size) }) };
    default:
      throw refuse('its type is bind, volume or tmpfs');
  }
}

export function parseVolumeFlag(typed: string, volumes: VolumeDirectory): Mount {
  const refuse = (why: string) => optionInvalid('--volume', typed, why, '--volume cache:/cache');
  const [source = '', target, options = '', ...rest] = typed.split(':');
  if (target === undefined) throw refuse('it must be SRC:DST[:ro]; a volume needs a name');
  if (rest.length > 0) throw refuse('it has more than three parts');
  if (source.includes('/') || source === '.' || source === '..') return parseBind(typed);
  const words = options.split(',').filter((word) => word !== '');
  const unknown = words.find((word) => word !== 'ro' && word !== 'rw');
  if (unknown !== undefined) throw refuse(`a volume knows ro and rw, and not "${unknown}"`);
  const destination = tidyDestination(`--volume ${typed}`, target);
  return mountVolume(source, { destination, readOnly: words.includes('ro'), volumes, refuse });
}

interface VolumeMount {
  readonly destination: string;
  readonly readOnly: boolean;
  readonly volumes: VolumeDirectory;
  readonly refuse: (why: string) => Error;
}

function mountVolume(name: string, { destination, readOnly, volumes, refuse }: VolumeMount): Mount {
  if (!isVolumeName(name)) throw refuse('a volume’s name has 2 to 64 letters, digits, "_", "." and "-", and begins with a letter or digit');
  if (volumes === undefined) throw refuse('there is no place for volumes here');
  return { type: 'bind', source: volumePath(volumes, name), destination, readOnly };
}
