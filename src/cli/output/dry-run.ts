import type { DryRun } from '#wiring/wiring.js';

const [RED, GREEN, PLAIN] = ['\u001b[31m', '\u001b[32m', '\u001b[0m'];

export interface DryRunLine {
  readonly text: string;
  /** What a terminal that shows colours puts around it. */
  readonly colour?: string;
}

/** What each plugin would change, as a diff: `-` is what was there, `+` what would be. */
export function describeDryRun({ plugins }: Pick<DryRun, 'plugins'>): DryRunLine[] {
  if (plugins.length === 0) return [{ text: 'No plugin is asked about the configuration.' }];
  return plugins.flatMap(({ plugin, changes }) => [
    { text: changes.length === 0 ? `${plugin}: no change` : `${plugin}:` },
    ...changes.flatMap(({ field, before, after, replaces }): DryRunLine[] => [
      ...(before === undefined
        ? []
        : [{ text: `  - ${field} = ${JSON.stringify(before)}${replaces === undefined ? '' : `   (of ${replaces})`}`, colour: RED }]),
      ...(after === undefined ? [] : [{ text: `  + ${field} = ${JSON.stringify(after)}`, colour: GREEN }]),
    ]),
  ]);
}

/** Around text that has been cleaned. */
export function paint(text: string, colour: string | undefined): string {
  return colour === undefined ? text : `${colour}${text}${PLAIN}`;
}
