/**
 * How far a pull is, on standard error: bars on a terminal, one line per step elsewhere.
 *
 *      layer  sha256:3f0a…  [=========>          ]  47 %   12.1 of 25.7 MB
 *      layer  sha256:99c1…  there already
 */
import { escapeControls, shorten } from '#base/text.js';
import type { ImageProgress } from '#wiring/wiring.js';

export interface Progress {
  readonly show: (event: ImageProgress) => void;
  /** Leaves the bars as they are then. */
  readonly close: () => void;
}

export interface ProgressOptions {
  readonly write: (text: string) => void;
  /** Of the terminal; none where it is none. */
  readonly size: (() => { readonly columns: number; readonly rows: number }) | undefined;
}

const REDRAW_MS = 100;
const BAR_WIDTH = 24;
const DIGEST_SHOWN = 'sha256:'.length + 12;

interface Row {
  readonly kind: string;
  readonly digest: string;
  readonly sizeBytes: number;
  doneBytes: number;
  state: 'waiting' | 'coming' | 'there' | 'done';
  note: string;
}

export function openProgress({ write, size }: ProgressOptions): Progress {
  return size === undefined ? openLines(write) : openBars(write, size);
}

/** Nothing but what has happened, so that a log stays one. */
function openLines(write: (text: string) => void): Progress {
  const rows = new Map<string, Row>();
  return {
    show(event) {
      const row = follow(rows, event);
      if (event.type === 'image') write(`Pulling ${clean(event.image)}: ${rows.size} blobs, ${formatBytes(totalOf(rows))}\n`);
      if (event.type === 'retry') write(`${clean(`${event.what}: ${event.why}`)}; again in ${formatSeconds(event.waitMs)}\n`);
      if (event.type === 'done' && row !== undefined) write(`${nameOf(row)}  ${describeEnd(row)}\n`);
    },
    close: () => undefined,
  };
}

function openBars(write: (text: string) => void, size: NonNullable<ProgressOptions['size']>): Progress {
  const rows = new Map<string, Row>();
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;
  let title = '';
  function draw(): void {
    timer = undefined;
    const { columns, rows: height } = size();
    const lines = [
      title,
      ...fit([...rows.values()], Math.max(1, height - 3)).map((row) => (typeof row === 'string' ? row : renderRow(row))),
    ];
    // Back to the first line of the last drawing; each line anew, and what was below it goes.
    const up = drawn === 0 ? '' : `\u001b[${drawn}A`;
    write(`${up}${lines.map((line) => `\u001b[2K${shorten(line, Math.max(10, columns - 1))}\n`).join('')}\u001b[J`);
    drawn = lines.length;
  }
  return {
    show(event) {
      follow(rows, event);
      if (event.type === 'image') title = `Pulling ${clean(event.image)}`;
      if (event.type === 'retry' && rows.size === 0) title = clean(`Pulling: ${event.why}; again in ${formatSeconds(event.waitMs)}`);
      timer ??= setTimeout(draw, REDRAW_MS);
    },
    close() {
      if (timer === undefined) return;
      clearTimeout(timer);
      draw();
    },
  };
}

/** Brings the rows to what the event says, and answers with the one that it is about. */
function follow(rows: Map<string, Row>, event: ImageProgress): Row | undefined {
  if (event.type === 'image') {
    for (const { kind, digest, sizeBytes } of event.blobs) rows.set(digest, makeRow(kind, digest, sizeBytes));
    return undefined;
  }
  if (event.type === 'retry') {
    const row = [...rows.values()].find(({ digest }) => event.what.includes(digest));
    if (row !== undefined) row.note = clean(`${event.why}; again in ${formatSeconds(event.waitMs)}`);
    return row;
  }
  const row = rows.get(event.digest);
  if (row === undefined) return undefined;
  if (event.type === 'bytes') {
    if (event.doneBytes !== row.doneBytes) row.note = '';
    row.doneBytes = event.doneBytes;
    row.state = 'coming';
  } else {
    row.state = event.receivedBytes === 0 && row.sizeBytes > 0 ? 'there' : 'done';
    row.doneBytes = row.sizeBytes;
    row.note = '';
  }
  return row;
}

function makeRow(kind: string, digest: string, sizeBytes: number): Row {
  return { kind, digest, sizeBytes, doneBytes: 0, state: 'waiting', note: '' };
}

/** Those that are on their way first, where there is no room for all. */
function fit(rows: readonly Row[], most: number): (Row | string)[] {
  if (rows.length <= most) return [...rows];
  const order: Row['state'][] = ['coming', 'waiting', 'done', 'there'];
  const sorted = rows.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state)).slice(0, most - 1);
  const ended = rows.filter(({ state }) => state === 'done' || state === 'there').length;
  return [...rows.filter((row) => sorted.includes(row)), `${ended} of ${rows.length} are there`];
}

function renderRow(row: Row): string {
  if (row.state === 'done' || row.state === 'there') return `${nameOf(row)}  ${describeEnd(row)}`;
  const share = row.sizeBytes === 0 ? 0 : Math.min(1, row.doneBytes / row.sizeBytes);
  const filled = Math.floor(share * BAR_WIDTH);
  const bar = `${'='.repeat(filled)}${filled < BAR_WIDTH && row.state === 'coming' ? '>' : ''}`.padEnd(BAR_WIDTH);
  const count = row.note === '' ? `${formatBytes(row.doneBytes)} of ${formatBytes(row.sizeBytes)}` : row.note;
  return `${nameOf(row)}  [${bar}] ${String(Math.floor(share * 100)).padStart(3)} %  ${count}`;
}

function nameOf({ kind, digest }: Row): string {
  return `${kind.padEnd(6)} ${digest.slice(0, DIGEST_SHOWN)}`;
}

function describeEnd({ state, sizeBytes }: Row): string {
  return state === 'there' ? 'there already' : formatBytes(sizeBytes);
}

function totalOf(rows: ReadonlyMap<string, Row>): number {
  return [...rows.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Of registries and images: in one line, and nothing that a terminal would take for a command. */
function clean(text: string): string {
  return escapeControls(text.replaceAll(/[\n\t]/g, ' '));
}

/** `25.7 MB`, of a thousand thousand bytes. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return power === 0 ? `${bytes} B` : `${(bytes / 1000 ** power).toFixed(1)} ${units[power] ?? ''}`;
}

function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** Undefined where it is no terminal on which lines can be drawn again. */
export function terminalSize(stream: NodeJS.WriteStream): ProgressOptions['size'] {
  if (!stream.isTTY || process.env['TERM'] === 'dumb') return undefined;
  // Some terminals say 0 of themselves.
  return () => ({ columns: stream.columns || 80, rows: stream.rows || 24 });
}
