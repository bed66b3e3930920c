import type { ServiceStatus } from '#services/services.js';
import type { Scene } from './scene.js';

/**
 * What the services of plugins do, by the plugin's name, for `plugin list --long`; nothing of those that are not registered. Starts nothing, and
 * never throws: the list is of plugins, and `system status` says what is wrong with services.
 */
export async function readServiceStates({ paths }: Scene): Promise<ReadonlyMap<string, string>> {
  const { reportServices } = await import('#services/services.js');
  const services = await reportServices({ places: paths.services }).then(
    (report) => report.services,
    () => [],
  );
  const names = new Set(services.map(({ name }) => name));
  return new Map([...names].map((name) => [name, summarise(services.filter((one) => one.name === name))]));
}

/** `running`; of several instances `2 running, 1 idle`. */
function summarise(services: readonly ServiceStatus[]): string {
  const counts = new Map<string, number>();
  for (const service of services) counts.set(describe(service), (counts.get(describe(service)) ?? 0) + 1);
  const [[only = ''] = []] = counts;
  return services.length === 1 ? only : [...counts].map(([words, count]) => `${count} ${words}`).join(', ');
}

function describe({ state, failuresInARow }: ServiceStatus): string {
  return state === 'waiting' ? `crashing (${failuresInARow} ${failuresInARow === 1 ? 'time' : 'times'})` : state;
}
