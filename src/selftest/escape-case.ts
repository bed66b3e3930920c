/** The kinds of way out, lettered as the classes of attack that the design counts. */
export const escapeClasses = {
  B: 'the language and its evaluator',
  C: 'calls from the compartment to the host',
  D: 'answers and their values',
  E: 'resources',
  F: 'time and side channels',
  G: 'errors, promises, and the realm around the compartment',
} as const;
export type EscapeClass = keyof typeof escapeClasses;

export interface EscapeCase {
  readonly class: EscapeClass;
  readonly name: string;
  /**
   * How `tries` and `twin` are run:
   *
   *   probe    the body of an async function `(input, host)` in a plugin. What it returns is what it got; a twin returns `true`.
   *   answer   the body of the callback itself: what it returns is the answer. A twin answers with `TWIN: 'works'` in `env`.
   *   escaped  the body of an async function `(require, process, eval)` in the realm around the compartment, after the guest has
   *            disarmed it, with what such code could hold at best: Node's `require`, `process` and the real `eval`, all from
   *            before. A twin returns `true`.
   */
  readonly run: 'probe' | 'answer' | 'escaped';
  readonly tries: string;
  /**
   * Matches the outcome, one of:
   *
   *   nothing        the code threw, or returned undefined
   *   got …          it returned something, shown as text
   *   answered …     the host took the answer, shown as JSON
   *   not evaluated  the plugin's script was refused as a whole
   *   CODE message   the host's error
   */
  readonly held: RegExp;
  readonly twin: string;
}

/** `[name, tries, twin]` */
export type Row = readonly [name: string, tries: string, twin: string];

/** Cases of code that looks for something and must get nothing. */
export function probes(name: EscapeClass, rows: readonly Row[]): EscapeCase[] {
  return rows.map(([title, tries, twin]) => ({ class: name, name: title, run: 'probe', tries, held: /^nothing$/, twin }));
}

/** Cases of code that is not even evaluated. */
export function unevaluated(name: EscapeClass, rows: readonly Row[]): EscapeCase[] {
  return rows.map(([title, tries, twin]) => ({ class: name, name: title, run: 'probe', tries, held: /^not evaluated$/, twin }));
}

/** Cases of callbacks whose answer, or whose end, must be of this form. */
export function answers(name: EscapeClass, rows: readonly (readonly [...Row, held: RegExp])[]): EscapeCase[] {
  return rows.map(([title, tries, twin, held]) => ({ class: name, name: title, run: 'answer', tries, held, twin }));
}

/** Cases of code that has got out of its compartment. */
export function escaped(rows: readonly Row[]): EscapeCase[] {
  return rows.map(([title, tries, twin]) => ({ class: 'G', name: title, run: 'escaped', tries, held: /^nothing$/, twin }));
}

/** An answer that shows that a twin works. */
export const works = `return { env: { TWIN: 'works' } }`;
