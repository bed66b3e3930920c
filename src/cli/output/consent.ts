import { askYesNo } from './ask.js';

/** Shows all that is new, and asks for one yes. */
export function askConsent(name: string, permissions: readonly string[]): Promise<boolean> {
  const list = permissions.map((permission) => `  ${permission}\n`).join('');
  return askYesNo(`Plugin ${name} asks for:\n${list}Grant all of this?`);
}
