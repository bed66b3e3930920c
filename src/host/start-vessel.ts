import type { SessionStart } from '#wire/wire.js';
import type { Budgets } from './budgets.js';
import type { Isolation, Vessel } from './vessel.js';

/** Starts a thread or a process for one plugin. Each kind is loaded when it is first needed. */
export async function startVessel(isolation: Isolation, start: SessionStart, budgets: Budgets): Promise<Vessel> {
  if (isolation === 'process') {
    const { startProcess } = await import('./helper-process.js');
    return startProcess(start, budgets);
  }
  const { startThread } = await import('./pool.js');
  return startThread(start, budgets);
}
