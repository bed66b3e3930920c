/** One line per mount, for one `mount -a -T FILE`: a mount(8) each would cost 1.5 ms per mount. */
export interface FstabLine {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
}

export function renderFstab(lines: readonly FstabLine[]): string {
  return lines
    .map(({ source, target, type, options }) => `${escapeField(source)} ${escapeField(target)} ${type} ${options.join(',')} 0 0\n`)
    .join('');
}

/** fstab(5) separates by blanks and knows octal escapes; `#` at the beginning would be a comment. */
export function escapeField(field: string): string {
  return field.replaceAll(/[ \t\n\r\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
