/** Services in words and columns. Pure. */
import type { BootReport, SystemReport } from '#wiring/wiring.js';
import { describeTable } from './table.js';

type Service = SystemReport['services'][number];

/** As many lines as there are fields, then one for each service. */
export function describeSystem({ status, launcher, daemon, places, services }: SystemReport, nowMs: number): string[] {
  const fields = [
    ['FIELD', 'VALUE'],
    ['status', status],
    ['kept running by', launcher === 'embedded' ? 'bulkhead' : launcher],
    ...(daemon === undefined
      ? []
      : [
          ['pid', String(daemon.pid)],
          ['version', daemon.version],
          ['started', daemon.startedAt],
        ]),
    ['state', places.kept],
    ['sockets', places.run],
    ['plugin state', places.pluginState],
  ];
  const rows = services.map((service) => [
    nameOf(service),
    service.types.join(',') || '-',
    describeState(service, nowMs),
    service.pid === undefined ? '-' : String(service.pid),
    String(service.restarts),
    service.lastEnd === undefined ? '-' : `${service.lastEnd.why}, ${describeSeconds(nowMs - Date.parse(service.lastEnd.at))} ago`,
  ]);
  if (rows.length === 0) return describeTable(fields);
  return [...describeTable(fields), '', ...describeTable([['SERVICE', 'TYPES', 'STATE', 'PID', 'RESTARTS', 'LAST END'], ...rows])];
}

/** What was done at the start; a line for each service. */
export function describeBoot({ registered, changed, ended }: BootReport): string[] {
  return [
    ...registered.map((label) => `Registered: ${label}`),
    ...changed.map((label) => `Changed: ${label}`),
    ...ended.map((label) => `Ended, for it may not be used any more: ${label}`),
  ];
}

/** `hydra.1` */
function nameOf({ name, instance }: Pick<Service, 'name' | 'instance'>): string {
  return instance === undefined ? name : `${name}.${instance}`;
}

function describeState({ state, failuresInARow, nextTryAt }: Service, nowMs: number): string {
  const failures = failuresInARow === 1 ? 'failed once' : `crashing (${failuresInARow} times)`;
  if (state === 'waiting')
    return `${failures}${nextTryAt === undefined ? '' : `, next try in ${describeSeconds(Date.parse(nextTryAt) - nowMs)}`}`;
  return state !== 'running' && failuresInARow > 0 ? `${state}, ${failures}` : state;
}

function describeSeconds(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
