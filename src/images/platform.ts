/** Which of an image's platforms this machine runs. */
import { canRunArch, nativeArch } from '#base/machine.js';
import type { Descriptor, Platform } from './documents.js';
import { platformMissing } from './errors.js';

/** What 32-bit ARM and others may be; the best first. A processor runs what is behind it too. */
const VARIANTS: Readonly<Partial<Record<string, readonly string[]>>> = { arm: ['v7', 'v6', 'v5'], arm64: ['v8', ''], amd64: ['', 'v1'] };

type Offered = NonNullable<Descriptor['platform']>;

export function renderPlatform({ os, architecture, variant }: Offered): string {
  return [os ?? '?', architecture ?? '?', ...(variant ? [variant] : [])].join('/').replaceAll(/[^\w./-]/g, '?');
}

/** `linux/arm64`, `linux/arm/v7`. Undefined where it is none. */
export function parsePlatform(text: string): Platform | undefined {
  const [, os, architecture, variant] = /^([a-z0-9]+)\/([a-z0-9_]+)(?:\/([a-z0-9]+))?$/.exec(text) ?? [];
  return os === undefined || architecture === undefined ? undefined : { os, architecture, variant };
}

/** The one of an index for `wanted`; for this machine where nothing is wanted. Attestations and the like have no platform that runs. */
export function choosePlatform(manifests: readonly Descriptor[], image: string, wanted?: Platform): Descriptor {
  const rated = manifests.map((manifest) => ({ manifest, rank: rank(manifest.platform ?? {}, wanted) }));
  const usable = rated.filter(({ rank: own }) => own >= 0).toSorted((one, other) => one.rank - other.rank);
  const [best] = usable;
  if (best !== undefined) return best.manifest;
  const target = wanted ?? { os: 'linux', architecture: nativeArch() };
  const offered = manifests.flatMap(({ platform }) => (platform ? [renderPlatform(platform)] : []));
  throw platformMissing(image, renderPlatform(target), [...new Set(offered)].slice(0, 20));
}

/** Throws where what the image says of itself cannot run here. */
export function requirePlatform(own: Platform, image: string, wanted?: Platform): void {
  if (rank(own, wanted) >= 0) return;
  throw platformMissing(image, renderPlatform(wanted ?? { os: 'linux', architecture: nativeArch() }), [renderPlatform(own)]);
}

/** Smaller is better; negative is not at all. */
function rank({ os, architecture: named, variant }: Offered, wanted: Platform | undefined): number {
  const architecture = named ?? '';
  if (os !== (wanted?.os ?? 'linux')) return -1;
  const found = (VARIANTS[architecture] ?? ['']).indexOf(variant ?? '');
  const place = found < 0 ? 50 : found;
  if (wanted !== undefined) {
    if (architecture !== wanted.architecture) return -1;
    return !wanted.variant ? place : wanted.variant === (variant ?? '') ? 0 : -1;
  }
  return canRunArch(architecture) ? (architecture === nativeArch() ? 0 : 100) + place : -1;
}
