import type { PermissionReport } from '#wiring/wiring.js';

type State = PermissionReport['permissions'][number];

/** One line per permission, its state first: `granted`, `not granted`, or `denied` with the rule of the policy. */
export function sayPermissions(states: readonly State[]): string {
  const lines = states.map(({ permission, granted, denied }) => {
    if (denied === undefined) return `${(granted ? 'granted' : 'not granted').padEnd(11)}  ${permission}`;
    const why = denied.because === undefined ? denied.rule : `${denied.rule} (${denied.because})`;
    return `${'denied'.padEnd(11)}  ${permission}  by policy: ${why}`;
  });
  return lines.join('\n');
}
