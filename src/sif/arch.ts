/** The processor architectures: two digits in a file, a word everywhere else. */
import { sifErrors } from './errors.js';

/** No architecture: a file without a primary partition, or a partition that fits every machine. */
export const ARCH_UNKNOWN = '00';

/** In the order of their digits, `01` first. */
const NAMES = [
  '386',
  'amd64',
  'arm',
  'arm64',
  'ppc64',
  'ppc64le',
  'mips',
  'mipsle',
  'mips64',
  'mips64le',
  's390x',
  'riscv64',
  'loong64',
] as const;

/** `02` for `amd64`. Throws SIF_ARCH_UNKNOWN. The inverse of nameArch. */
export function archOf(name: string): string {
  const index = NAMES.findIndex((known) => known === name);
  if (index === -1) throw sifErrors.archUnknown(name);
  return String(index + 1).padStart(2, '0');
}

/** `amd64` for `02`; `unknown` for what is none, or is none yet. */
export function nameArch(arch: string): string {
  return (/^\d\d$/.test(arch) ? NAMES[Number(arch) - 1] : undefined) ?? 'unknown';
}
