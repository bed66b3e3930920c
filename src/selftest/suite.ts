import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerConfig } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError, messageOf } from '#base/errors.js';
import { openHost, runEscaped, type Isolation, type Respondent } from '#host/host.js';
import type { EscapeCase, EscapeClass } from './escape-case.js';
import { carrierScript, harnessScript } from './harness.js';
import { findBroken, findLeft, readInvariants } from './invariants.js';

/** Of a case that may end its compartment. All others, and every twin, have the contract's own. */
const shortDeadlineMs = 400;
const escapedDeadlineMs = 10_000;
/** How long threads, processes and ports may take to end after they were told to. */
const settleMs = 3000;

export interface CaseReport {
  readonly class: EscapeClass;
  readonly name: string;
  readonly held: boolean;
  readonly twinWorks: boolean;
  /** What came of it, as text; of `EscapeCase.held`. */
  readonly outcome: string;
  readonly twinOutcome: string;
  /** What of the host is not as it was. */
  readonly broken: readonly string[];
}

export interface Suite {
  try(escape: EscapeCase): Promise<CaseReport>;
  close(): Promise<void>;
}

/** Opens a runner of cases. Runs honest ones first, so that what the host loads once is loaded. */
export async function openSuite(isolation: Isolation): Promise<Suite> {
  const stateDirectory = join(tmpdir(), `bulkhead-selftest-${randomUUID()}`);
  const open: OpenPlugin = (script, deadlineMs) => openPlugin({ isolation, stateDirectory, script, deadlineMs });
  // Cases that leave their compartment alive share one; what they could share is frozen.
  const shared = open(harnessScript());
  await shared.ask('probe', `await host.store.set('k', 'v'); await host.store.delete('k'); console.log('warm up')`);
  await runEscaped(['return true'], isolation, escapedDeadlineMs);
  return {
    async try(escape) {
      // A case may have ended the shared compartment after its answer: what the next one opens is not that one's.
      await shared.ask('probe', 'return true');
      return tryCase(escape, () => runCase(escape, { isolation, shared, open }));
    },
    async close() {
      await shared.close();
      await rm(stateDirectory, { recursive: true, force: true });
    },
  };
}

type Outcomes = readonly [outcome: string, twinOutcome: string];

/** Runs a case and its twin, and looks at the host before and after. */
async function tryCase(escape: EscapeCase, run: () => Promise<Outcomes>): Promise<CaseReport> {
  const before = readInvariants();
  const [outcome, twinOutcome] = await run();
  for (let waitedMs = 0; waitedMs < settleMs && findLeft(before).length > 0; waitedMs += 5) await sleep(5);
  const broken = findBroken(before, readInvariants());
  return {
    class: escape.class,
    name: escape.name,
    held: escape.held.test(outcome) && broken.length === 0,
    twinWorks: twinOutcome === (escape.run === 'answer' ? 'answered {"env":{"TWIN":"works"}}' : 'got true'),
    outcome,
    twinOutcome,
    broken,
  };
}

interface Place {
  readonly isolation: Isolation;
  readonly shared: OpenedPlugin;
  readonly open: OpenPlugin;
}

async function runCase({ run, tries, twin, held }: EscapeCase, { isolation, shared, open }: Place): Promise<Outcomes> {
  if (run === 'escaped') {
    const [outcome = '', twinOutcome] = await runEscaped([tries, twin], isolation, escapedDeadlineMs);
    return [outcome, twinOutcome ?? (await runEscaped([twin], isolation, escapedDeadlineMs))[0] ?? ''];
  }
  if (held.test('not evaluated')) return [await askAlone(open(carrierScript({ tries })), run, ''), await shared.ask(run, twin)];
  const mayEnd = held.test('DEADLINE_MISSED') || held.test('COMPARTMENT_ENDED');
  const outcome = mayEnd ? await askAlone(open(harnessScript(), shortDeadlineMs), run, tries) : await shared.ask(run, tries);
  return [outcome, await shared.ask(run, twin)];
}

async function askAlone(plugin: OpenedPlugin, run: EscapeCase['run'], code: string): Promise<string> {
  try {
    return await plugin.ask(run, code);
  } finally {
    await plugin.close();
  }
}

type OpenPlugin = (script: string, deadlineMs?: number) => OpenedPlugin;

interface OpenedPlugin {
  ask(run: EscapeCase['run'], code: string): Promise<string>;
  close(): Promise<void>;
}

interface PluginOptions {
  readonly isolation: Isolation;
  readonly stateDirectory: string;
  readonly script: string;
  readonly deadlineMs: number | undefined;
}

/** A plugin to ask, in a host of its own. Its compartment is replaced after it ended. */
function openPlugin({ isolation, stateDirectory, script, deadlineMs }: PluginOptions): OpenedPlugin {
  const log = { isDebug: false, write: () => undefined };
  const host = openHost({ log, print: () => undefined, stateDirectory, env: {}, deadlineMs });
  const load = () => Promise.resolve({ script });
  const plugin = host.respondent({ name: 'selftest', grants: {}, onFailure: 'default', isolation, load });
  return {
    async ask(run, code) {
      try {
        return describeAnswer(await plugin.ask('engineConfig', { config: buildConfig(run, code) }));
      } catch (error) {
        return describeError(error);
      }
    },
    close: () => host.close(),
  };
}

function describeAnswer(answer: Awaited<ReturnType<Respondent['ask']>>): string {
  const outcome = typeof answer === 'object' && 'env' in answer ? answer.env?.['OUTCOME'] : undefined;
  return outcome ?? `answered ${JSON.stringify(answer)}`;
}

function describeError(error: unknown): string {
  if (!(error instanceof BulkheadError)) return `the host failed: ${messageOf(error)}`;
  const fault = error.data['fault'] as { code: string } | undefined;
  return fault?.code === 'PLUGIN_DOES_NOT_EVALUATE' ? 'not evaluated' : `${error.code} ${error.message}`;
}

function buildConfig(...command: string[]): ContainerConfig {
  return { image: 'selftest:', command, env: { PATH: '/bin' }, mounts: [], workingDirectory: '/', readOnly: false };
}
