/** Reads `--security-opt`, as Docker's users write it. */
import { resolve } from 'node:path';
import { optionInvalid, optionUnsupported } from '../errors.js';

export interface SecurityOptions {
  /** Which system calls a command may make: the default profile, all of them, or what a file says (absolute). */
  readonly seccomp: 'default' | 'unconfined' | { readonly file: string };
}

const FLAG = '--security-opt';
const EXAMPLE = `${FLAG} seccomp=unconfined`;

export function parseSecurityOptions(typed: readonly string[] = []): SecurityOptions {
  let seccomp: SecurityOptions['seccomp'] = 'default';
  for (const option of typed) {
    const [, name = '', value] = /^([a-z-]+)(?:[=:](.*))?$/s.exec(option) ?? [];
    if (name === 'no-new-privileges') requireAlways(option, value);
    else if (name === 'seccomp' && value !== undefined && value !== '')
      seccomp = value === 'unconfined' ? 'unconfined' : { file: resolve(value) };
    else throw optionInvalid(FLAG, option, 'it is neither no-new-privileges, seccomp=unconfined nor seccomp=FILE', EXAMPLE);
  }
  return { seccomp };
}

/** It is so in every container; whoever says so is right. */
function requireAlways(option: string, value: string | undefined): void {
  if (value === undefined || value === 'true') return;
  throw optionInvalid(FLAG, option, 'nobody gains privileges by exec, in any container', `${FLAG} no-new-privileges`);
}

/** The embedded runtime has no filter: of the programs that it is made of none can set one. */
export function refuseProfile({ seccomp }: SecurityOptions): void {
  if (typeof seccomp === 'string') return;
  throw optionUnsupported(
    'seccomp profile',
    'the embedded runtime cannot filter system calls',
    `bulkhead run --runtime crun ${FLAG} seccomp=FILE`,
  );
}
