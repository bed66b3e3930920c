import { Errors } from '@oclif/core';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time such as `2026-11-23T12:00:00Z`, seconds since 1970, or so long ago: `10m`, `1h30m`. Milliseconds since 1970. */
export function parseSince(text: string, nowMs: number): number {
  if (/^\d{1,12}(?:\.\d{1,9})?$/.test(text)) return Number(text) * 1000;
  if (/^(?:\d{1,9}[smhd])+$/.test(text)) {
    const parts = [...text.matchAll(/(\d+)([smhd])/g)];
    return nowMs - parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0), 0);
  }
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) throw new Errors.CLIError(`--since must be a time such as 2026-11-23T12:00:00Z or 10m, and not "${text}"`);
  return time;
}
