/** What programs this machine runs. Architectures by their names in Go: `amd64`, `arm64`, `386`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const GO_NAMES: Readonly<Partial<Record<string, string>>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le', mipsel: 'mipsle' };
/** Programs of these run on the ones that they are listed for, without emulation. */
const ALSO_RUNS: Readonly<Partial<Record<string, readonly string[]>>> = {
  amd64: ['386'],
  arm64: ['arm'],
  ppc64le: [],
  mips64le: ['mipsle'],
};
/** The names of qemu's emulators, where they differ. */
const QEMU_NAMES: Readonly<Partial<Record<string, string>>> = {
  amd64: 'x86_64',
  '386': 'i386',
  arm64: 'aarch64',
  mipsle: 'mipsel',
  mips64le: 'mips64el',
  loong64: 'loongarch64',
};

export interface Machine {
  /** Node's name for the processor. */
  readonly arch: string;
  /** The kernel's register of emulators. */
  readonly emulators: string;
}

const thisMachine: Machine = { arch: process.arch, emulators: '/proc/sys/fs/binfmt_misc' };

/** Of this machine's processor. */
export function nativeArch(): string {
  return GO_NAMES[thisMachine.arch] ?? thisMachine.arch;
}

/** Also where an emulator is registered that works in a container: opened when it was registered (flag F), not found by its path. */
export function canRunArch(arch: string, { arch: own, emulators }: Machine = thisMachine): boolean {
  const native = GO_NAMES[own] ?? own;
  return arch === native || (ALSO_RUNS[native] ?? []).includes(arch) || hasEmulator(join(emulators, `qemu-${QEMU_NAMES[arch] ?? arch}`));
}

function hasEmulator(file: string): boolean {
  try {
    const text = readFileSync(file, 'utf8');
    return /^enabled$/m.test(text) && /^flags: .*F/m.test(text);
  } catch {
    return false;
  }
}
