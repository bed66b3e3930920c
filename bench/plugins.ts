/** What a hundred plugins, each with a command and a flag of `run`, cost a command that uses none of them. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CONTRACT } from '@bulkhead/plugin-sdk/contract';
import { installPackage, type PluginDirectory } from '#catalog/catalog.js';
import { packPlugin, readPackage, type Manifest } from '#package/package.js';
import { median, program, timeProcess } from './starts.js';

export interface PluginCosts {
  /** Medians, in milliseconds; `without`: none is installed, `withAll`: all are. */
  readonly help: { readonly withoutMs: number; readonly withAllMs: number };
  readonly run: { readonly withoutMs: number; readonly withAllMs: number };
}

export const pluginCount = 100;
const rounds = 25;

/** In turn, so that both see the same machine; the first round warms the caches and does not count. */
export async function measurePlugins(directory: string): Promise<PluginCosts> {
  const roots = { without: join(directory, 'none'), withAll: join(directory, 'all') };
  for (const root of Object.values(roots)) mkdirSync(root);
  await installAll({ path: join(roots.withAll, 'usr/local/libexec/bulkhead/plugin'), scope: 'system' });
  const words = { help: ['--help'], run: ['run', '--read-only', '/', 'true'] };
  const times = { help: { without: [], withAll: [] }, run: { without: [], withAll: [] } } as Record<
    'help' | 'run',
    Record<keyof typeof roots, number[]>
  >;
  for (let round = 0; round <= rounds; round++) {
    for (const command of ['help', 'run'] as const) {
      for (const which of round % 2 === 0 ? (['without', 'withAll'] as const) : (['withAll', 'without'] as const)) {
        const env = { PATH: process.env['PATH'], HOME: directory, XDG_RUNTIME_DIR: directory, BULKHEAD_ROOT: roots[which] };
        const tookMs = timeProcess([program, ...words[command]], env);
        if (round > 0) times[command][which].push(tookMs);
      }
    }
  }
  const medians = (command: 'help' | 'run') => ({ withoutMs: median(times[command].without), withAllMs: median(times[command].withAll) });
  return { help: medians('help'), run: medians('run') };
}

async function installAll(directory: PluginDirectory): Promise<void> {
  const uid = process.getuid?.() ?? 0;
  const options = { place: { directories: [directory], uid }, directory, offered: CONTRACT, lock: 'range', grants: {} } as const;
  const host = { onFailure: 'default', isolation: 'default', reservedCommands: [], reservedFlags: { run: [] } } as const;
  for (let index = 0; index < pluginCount; index++) {
    await installPackage(readPackage(packPlugin({ manifest: describePlugin(index), script: '0' }), 'bench.sif'), { ...options, ...host });
  }
}

function describePlugin(index: number): Manifest {
  const callbacks = ['beforeCommand', 'command'] as const;
  return {
    name: `bench.example/plugin-${index}`,
    version: '1.0.0',
    author: 'The bench',
    description: 'Adds a command and a flag',
    permissions: {},
    commands: {
      [`bench-${index} list`]: { summary: 'Lists what there is', flags: { all: { type: 'boolean', short: 'a', summary: 'All of it' } } },
    },
    flags: { run: { [`bench-${index}`]: { type: 'string', summary: 'Something of the plugin', env: `BENCH_${index}` } } },
    hooks: [],
    imageSchemes: [],
    imageFeatures: [],
    runtimes: [],
    networks: [],
    callbacks: [...callbacks],
    contract: { ...CONTRACT, callbacks: Object.fromEntries(callbacks.map((name) => [name, CONTRACT.callbacks[name] ?? ''])), powers: {} },
  };
}
