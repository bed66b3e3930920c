import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTRACT, type ContainerConfig, type Permissions } from '@bulkhead/plugin-sdk/contract';
import type { Log, LogLevel } from '#base/log.js';
import {
  defaultBudgets,
  openHost,
  type Audit,
  type Budgets,
  type Conduct,
  type Host,
  type Isolation,
  type RunningContainer,
  type Respondent,
} from '#host/host.js';

/** A log that remembers. */
export function memoryLog(): Log & { readonly lines: { level: LogLevel; message: string }[]; text(): string } {
  const lines: { level: LogLevel; message: string }[] = [];
  return {
    isDebug: true,
    lines,
    text: () => lines.map(({ level, message }) => `${level}: ${message}`).join('\n'),
    write: (level, message) => void lines.push({ level, message }),
  };
}

/** A plugin's script around some source: `members` is the inside of an object of callbacks. */
export function scriptOf(members: string, { before = '', commands = '' } = {}): string {
  return `var bulkheadPlugin = (() => { ${before}; return { default: { name: 'test/plugin', version: '1.0.0', contract: ${JSON.stringify(CONTRACT)}, commands: { ${commands} }, callbacks: { ${members} } } }; })(); bulkheadPlugin.default;`;
}

export interface TestHost {
  readonly host: Host;
  readonly log: ReturnType<typeof memoryLog>;
  readonly stateDirectory: string;
  printed(): string;
  /** A plugin to ask, from its script. */
  plugin(
    script: string,
    options?: {
      name?: string;
      grants?: Permissions;
      onFailure?: Respondent['onFailure'];
      isolation?: Isolation;
      budgets?: Partial<Budgets>;
      conduct?: Conduct;
    },
  ): Respondent;
  close(): Promise<void>;
}

export async function openTestHost({
  env = {},
  deadlineMs,
  isolation: usual = 'thread',
  audit,
  sealed,
  container,
  syslogSocket,
}: {
  env?: Record<string, string>;
  deadlineMs?: number;
  isolation?: Isolation;
  audit?: Audit;
  sealed?: readonly string[];
  container?: () => RunningContainer | undefined;
  syslogSocket?: string;
} = {}): Promise<TestHost> {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'bulkhead-host-'));
  const log = memoryLog();
  let printed = '';
  const host = openHost({
    log,
    print: (text) => void (printed += text),
    stateDirectory,
    env,
    deadlineMs,
    audit,
    sealed,
    container,
    syslogSocket,
  });
  return {
    host,
    log,
    stateDirectory,
    printed: () => printed,
    plugin: (script, { name = 'test/plugin', grants = {}, onFailure = 'default', isolation = usual, budgets = {}, conduct } = {}) =>
      host.respondent({
        name,
        grants,
        onFailure,
        isolation,
        budgets: { ...defaultBudgets, ...budgets },
        ...(conduct === undefined ? {} : { conduct }),
        load: () => Promise.resolve({ script }),
      }),
    async close() {
      await host.close();
      // A value that was being written when its compartment was closed may still come.
      await rm(stateDirectory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    },
  };
}

/** A valid configuration; a test changes the part that it is about. */
export function buildConfig(changes: Partial<ContainerConfig> = {}): ContainerConfig {
  return { image: 'host:', command: ['true'], env: { PATH: '/bin' }, mounts: [], workingDirectory: '/', readOnly: false, ...changes };
}

export type OpenTestHost = (options?: {
  env?: Record<string, string>;
  deadlineMs?: number;
  sealed?: readonly string[];
  container?: () => RunningContainer | undefined;
  syslogSocket?: string;
}) => Promise<TestHost>;

/** The same tests with compartments in threads and in processes: one contract, two tiers. */
export function describeTiers(title: string, tests: (open: OpenTestHost, isolation: Isolation) => void): void {
  for (const isolation of ['thread', 'process'] as const) {
    describe(`${title} (in a ${isolation})`, () => tests((options) => openTestHost({ ...options, isolation }), isolation));
  }
}
