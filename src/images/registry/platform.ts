/** For which machine an image is: `linux/amd64`, `linux/arm/v7`, as Go names them. */
import { nativeArch } from '#base/machine.js';
import { registryErrors } from './errors.js';

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | undefined;
}

const PART = /^[a-z0-9][a-z0-9._-]{0,31}$/;

/** This machine's, or what `--platform` says. */
export function choosePlatform(text: string | undefined): Platform {
  if (text === undefined) return { os: 'linux', architecture: nativeArch(), variant: undefined };
  const [os = '', architecture = '', variant, ...more] = text.toLowerCase().split('/');
  const isSound = PART.test(os) && PART.test(architecture) && (variant === undefined || PART.test(variant)) && more.length === 0;
  if (!isSound) throw registryErrors.platformInvalid(text);
  return { os, architecture, variant };
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}

/** The best of `offered` for `wanted`; undefined where none fits. */
export function findPlatform<Offer>(offers: readonly Offer[], wanted: Platform, platformOf: (offer: Offer) => Platform): Offer | undefined {
  const fitting = offers.filter((offer) => {
    const { os, architecture } = platformOf(offer);
    return os === wanted.os && architecture === wanted.architecture;
  });
  const ranked = fitting.map((offer) => ({ offer, rank: rankVariant(platformOf(offer), wanted) })).filter(({ rank }) => rank >= 0);
  return ranked.toSorted((a, b) => a.rank - b.rank)[0]?.offer;
}

/** What an architecture is without a variant; a processor of that has no more than these. */
const BASE_VARIANTS: Readonly<Partial<Record<string, readonly string[]>>> = { amd64: ['v1'], arm64: ['v8'], arm: ['v7', 'v6', 'v5'] };

/** 0 is best; -1 does not fit. */
function rankVariant({ architecture, variant }: Platform, wanted: Platform): number {
  if (variant === wanted.variant) return 0;
  const base = BASE_VARIANTS[architecture] ?? [];
  if (wanted.variant === undefined) return base.includes(variant ?? '') ? 1 + base.indexOf(variant ?? '') : -1;
  if (variant === undefined) return base.includes(wanted.variant) ? 1 : -1;
  // arm: a v7 runs what was built for a v6.
  const [offered, asked] = [base.indexOf(variant), base.indexOf(wanted.variant)];
  return architecture === 'arm' && offered >= asked && asked >= 0 ? 1 + offered - asked : -1;
}
