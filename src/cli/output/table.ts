import { escapeControls } from '#base/text.js';

/** Columns as wide as their widest cell, two spaces between; the last one as it is. Cells may come from anywhere. */
export function describeTable(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map((cell) => escapeControls(cell.replaceAll(/[\t\n]/g, ' '))));
  const widths = (cells[0] ?? []).map((_cell, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) => row.map((cell, column) => (column < row.length - 1 ? cell.padEnd((widths[column] ?? 0) + 2) : cell)).join(''));
}
