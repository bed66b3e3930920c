/** The engine's own programs: what a plugin could answer, for programs that the host has installed. */
import type { Identity } from '../runtimes/identity.js';
import type { ChosenWay } from '../mounts/root-ways.js';
import type { DriverProgram } from '../shapes.js';

/**
 * The kernel checks permissions (`default_permissions`), since these programs do not. Root shows what they mount to every uid of the
 * container; in a user namespace `allow_other` would hide it from the engine.
 */
export function fileProgram({ way, program = '' }: ChosenWay, identity: Identity): DriverProgram {
  const options = ['ro', 'nosuid', 'nodev', 'default_permissions', ...(identity === 'root' ? ['allow_other'] : [])];
  // fuse2fs would replay a journal, and guess at permissions by itself.
  const own = way === 'fuse2fs' ? ['norecovery', 'fakeroot'] : [];
  return { program, args: ['-f', '-o', [...options, ...own, 'offset={offset}'].join(','), '{image}', '{target}'] };
}

export function overlayProgram({ program = '' }: ChosenWay, writable: boolean): DriverProgram {
  const layers = writable ? 'lowerdir={lower},upperdir={upper},workdir={work}' : 'lowerdir={lower}';
  return { program, args: ['-f', '-o', `${layers},noacl,allow_other`, '{target}'] };
}
