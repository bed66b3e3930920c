import type { Setting } from '#wiring/wiring.js';

/** `key = "value"`, one line each; what a secret is, is not said. */
export function saySettings(settings: readonly Setting[]): string {
  return settings
    .map((setting) => `${sayState(setting)}${setting.description === undefined ? '' : `  # ${setting.description}`}`)
    .join('\n');
}

function sayState({ key, value, state }: Setting): string {
  switch (state) {
    case 'set':
      return `${key} = ${JSON.stringify(value)}`;
    case 'default':
      return `${key} = ${JSON.stringify(value)} (default)`;
    case 'secret':
      return `${key} = (secret)`;
    case 'needed':
    case 'not set':
      return `${key} (${state})`;
  }
}
