/** What is to be said of a service, and when it is ready. */
import { setTimeout as delay } from 'node:timers/promises';
import { once } from 'node:events';
import type { ServiceStatus } from '../control.js';
import { serviceErrors } from '../errors.js';
import { keeperLimits } from '../keeper/limits.js';
import { outputFile } from '../keeper/state.js';
import { readLastLines } from '../output.js';
import type { Service } from './service.js';

/** A program that takes no connection is stopped and counted as failed before this is over. */
const READY_MS = keeperLimits.startMs + keeperLimits.stopMs + 5_000;
const SAID_LINES = 10;

export function describeService({ definition, label, endpoints, state, isKept, current }: Service): ServiceStatus {
  const { name, instance, types, loadAtBoot, runAtLoad } = definition;
  return {
    label,
    name,
    ...(instance === undefined ? {} : { instance }),
    types,
    endpoints: [...endpoints],
    loadAtBoot,
    runAtLoad,
    // A keeper that was just started has said nothing yet.
    state: isKept ? (current?.phase ?? 'starting') : 'idle',
    ...(current?.service === undefined ? {} : { pid: current.service.pid, startedAt: current.startedAt }),
    restarts: state?.restarts ?? 0,
    failuresInARow: state?.failuresInARow ?? 0,
    ...(state?.lastEnd === undefined ? {} : { lastEnd: state.lastEnd }),
    ...(current?.nextTryAt === undefined ? {} : { nextTryAt: current.nextTryAt }),
  };
}

/** Starts it where nobody has. Rejects with SERVICE_FAILED when the next start of it fails. */
export async function awaitReady(service: Service): Promise<void> {
  const endBefore = service.state?.lastEnd?.at;
  const over = new AbortController();
  const late = delay(READY_MS, 'late' as const, { signal: over.signal }).catch(() => 'late' as const);
  service.start();
  service.askForTry();
  try {
    for (;;) {
      const { isKept, current, state } = service;
      if (current?.phase === 'running') return;
      if (state?.lastEnd !== undefined && state.lastEnd.at !== endBefore) throw await describeFailure(service, state.lastEnd.why);
      if (!isKept) throw await describeFailure(service, state?.lastEnd?.why ?? 'its keeper was lost');
      const change = once(service.changes, 'change', { signal: over.signal }).catch(() => undefined);
      if ((await Promise.race([change, late])) === 'late')
        throw await describeFailure(service, `it was not ready within ${READY_MS / 1000} s`);
    }
  } finally {
    over.abort();
  }
}

async function describeFailure({ definition, label, directory }: Service, why: string): Promise<Error> {
  return serviceErrors.failed(definition.name, { label, why, said: await readLastLines(outputFile(directory), SAID_LINES) });
}
