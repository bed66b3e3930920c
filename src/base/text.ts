/** Text from elsewhere, made safe to show. */

/**
 * Characters that a terminal acts on instead of showing: C0 and C1 controls (escape sequences begin with one), and Unicode's
 * direction overrides, which make a line read as another one. Tab and line feed stay.
 */
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Shows control characters as `\u001b`; further lines are indented, so that none can pass for a line of its own. */
export function printable(text: string): string {
  return escapeControls(text).replaceAll('\n', '\n         ');
}

/** The same for output whose line breaks count, such as what a command prints. */
export function escapeControls(text: string): string {
  return text.replace(controls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** At most `lengthMax` UTF-16 units, the last of them an ellipsis where something was left out. */
export function shorten(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
}
