/**
 * What the border costs: `npm run bench`. How to read it is in bench/README.md.
 *
 * Absolute times are the machine's; the ratios are ours. Each is between two things that were measured in the same run, in turn, and
 * stands beside a limit. A ratio over its limit is marked, and the exit code is then 1: look first whether the machine was busy.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measurePlugins, pluginCount, type PluginCosts } from './plugins.js';
import { measureRoundTrips, type RoundTrips } from './round-trips.js';
import { measureRuns, type RunCosts } from './run.js';
import { measureStarts, type Starts } from './starts.js';

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: 'us' | 'ms' | 'MiB';
  /** Without one, it is what others are compared with; without a limit, it is not ours. */
  readonly against?: { readonly what: string; readonly value: number; readonly limit?: number; readonly limitMoreMs?: number };
}

// With it, a bare Node takes three times as long to start, which hides what is ours.
if (process.env['NODE_EXTRA_CA_CERTS'] !== undefined) throw new Error('Run it by npm run bench, which leaves NODE_EXTRA_CA_CERTS out');

const directory = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
try {
  const trips = await measureRoundTrips(directory);
  const rows = [
    ...trips.flatMap(rowsOfTrips),
    ...rowsOfStarts(await measureStarts(directory)),
    ...rowsOfPlugins(await measurePlugins(directory)),
    ...rowsOfRuns(await measureRuns(directory)),
  ];
  process.stdout.write(`Node ${process.version}, ${process.arch}\n\n${rows.map(show).join('\n')}\n`);
  process.exitCode = rows.some(isOver) ? 1 : 0;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** The limits are about twice what was measured when they were set (bench/README.md). */
function rowsOfTrips({ payload, rawUs, comlinkUs, gateUs, threadUs, processUs }: RoundTrips): Row[] {
  const row = (what: string, value: number, against?: Row['against']): Row => ({
    what: `round trip, ${payload}: ${what}`,
    value,
    unit: 'us',
    ...(against && { against }),
  });
  return [
    row('postMessage', rawUs),
    row('comlink', comlinkUs, { what: 'postMessage', value: rawUs }),
    row('gate and comlink', gateUs, { what: 'postMessage', value: rawUs, limit: 3 }),
    row('gate and comlink', gateUs, { what: 'comlink', value: comlinkUs, limit: 2 }),
    ...(threadUs === undefined ? [] : [row('call, isolation thread', threadUs, { what: 'postMessage', value: rawUs, limit: 8 })]),
    ...(processUs === undefined ? [] : [row('call, isolation process', processUs, { what: 'postMessage', value: rawUs, limit: 20 })]),
  ];
}

function rowsOfStarts({ nodeMs, helpMs, listMs, workerMs, threadMs, processMs }: Starts): Row[] {
  const row = (what: string, value: number, against?: Row['against']): Row => ({
    what: `start: ${what}`,
    value,
    unit: 'ms',
    ...(against && { against }),
  });
  return [
    row('node -e 0', nodeMs),
    row('bulkhead --help', helpMs, { what: 'node -e 0', value: nodeMs, limit: 12 }),
    row('bulkhead plugin list', listMs, { what: 'node -e 0', value: nodeMs, limit: 12 }),
    row('bare worker', workerMs),
    row('compartment, isolation thread', threadMs, { what: 'bare worker', value: workerMs, limit: 6 }),
    row('compartment, isolation process', processMs, { what: 'node -e 0', value: nodeMs, limit: 6 }),
  ];
}

function rowsOfPlugins({ help, run }: PluginCosts): Row[] {
  const row = (what: string, { withoutMs, withAllMs }: PluginCosts['help']): Row[] => [
    { what: `${what}, no plugin`, value: withoutMs, unit: 'ms' },
    { what: `${what}, ${pluginCount} plugins`, value: withAllMs, unit: 'ms', against: { what: 'none', value: withoutMs, limitMoreMs: 10 } },
  ];
  return [...row('bulkhead --help', help), ...row('bulkhead run', run)];
}

/** Against what cannot be less: crun for the container, Node for us. */
function rowsOfRuns(costs: RunCosts | undefined): Row[] {
  if (costs === undefined) return [];
  const rows = (unit: 'ms' | 'MiB', { node, crun, embeddedRun, crunRun }: RunCosts['timeMs'], limit: number): Row[] => {
    const least = { what: 'crun + node', value: crun + node, limit };
    return [
      { what: 'run true: crun run and node -e 0', value: least.value, unit },
      { what: 'run true: bulkhead, embedded', value: embeddedRun, unit, against: least },
      { what: 'run true: bulkhead, crun', value: crunRun, unit, against: least },
    ];
  };
  return [...rows('ms', costs.timeMs, 10), ...rows('MiB', costs.memoryMiB, 6)];
}

function isOver({ value, against }: Row): boolean {
  if (against?.limitMoreMs !== undefined) return value - against.value > against.limitMoreMs;
  return against?.limit !== undefined && value / against.value > against.limit;
}

function show(row: Row): string {
  const { what, value, unit, against } = row;
  const measured = `${what.padEnd(48)}${value.toFixed(1).padStart(9)} ${unit}`;
  if (against === undefined) return measured;
  if (against.limitMoreMs !== undefined)
    return `${measured}${(value - against.value).toFixed(1).padStart(8)} ms more than ${against.what} limit ${against.limitMoreMs}${isOver(row) ? '  OVER' : ''}`;
  const ratio = (value / against.value).toFixed(2).padStart(8);
  return `${measured}${ratio} x ${against.what.padEnd(12)}${against.limit === undefined ? '' : ` limit ${against.limit}`}${isOver(row) ? '  OVER' : ''}`;
}
