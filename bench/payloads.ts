/** What crosses in the round trips: as little as can be, and what a run of a real container has. */
import { CONTRACT, type ConfigChanges, type ContainerConfig } from '@bulkhead/plugin-sdk/contract';
import { openHost, type Host, type RunnablePlugin } from '#host/host.js';

export interface Payload {
  readonly title: string;
  readonly question: unknown;
  readonly answer: unknown;
}

/** A login environment and the mounts of a site: some 6 KiB as JSON. */
export const config: ContainerConfig = {
  image: '/srv/images/solver-2026.1',
  command: ['mpirun', '-n', '64', 'solver', '--input', '/scratch/4711/case.in'],
  env: Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`SITE_VARIABLE_${index}`, `/opt/site/module-${index}/lib:/usr/lib`])),
  mounts: Array.from({ length: 16 }, (_, index) => ({
    type: 'bind' as const,
    source: `/srv/share-${index}`,
    destination: `/share-${index}`,
    readOnly: index % 2 === 0,
  })),
  workingDirectory: '/scratch/4711',
  readOnly: true,
};

export const changes: ConfigChanges = {
  mounts: [{ type: 'bind', source: '/scratch/4711', destination: '/scratch' }],
  env: { SCRATCH: '/scratch', JOB: '4711' },
};

export const payloads: readonly Payload[] = [
  { title: 'tiny', question: null, answer: null },
  { title: 'engineConfig', question: { callId: '5f0c7f5e-9a43-4f5c-b6d5-3f6a1b6f0a11', input: { config } }, answer: changes },
];

/** A plugin that answers the same, for the call as a run makes it. */
const script = `({ name: 'bench/plugin', contract: ${JSON.stringify(CONTRACT)}, commands: {}, callbacks: { engineConfig: () => (${JSON.stringify(changes)}) } })`;

export function openBenchHost(stateDirectory: string): Host {
  return openHost({ log: { isDebug: false, write: () => undefined }, print: () => undefined, stateDirectory, env: {} });
}

export function benchPlugin(isolation: RunnablePlugin['isolation']): RunnablePlugin {
  return { name: `bench/${isolation}`, isolation, grants: {}, onFailure: 'default', load: () => Promise.resolve({ script }) };
}
