import type { SessionStart } from '#wire/wire.js';
import type { Isolation, Vessel } from './vessel.js';

/** Starts a thread or a process for one plugin. Each kind is loaded when it is first needed. */
export async function startVessel(isolation: Isolation, start: SessionStart): Promise<Vessel> {
  if (isolation === 'process') {
    const { startProcess } = await import('./helper-process.js');
    return startProcess(start);
  }
  const { startThread } = await import('./pool.js');
  return startThread(start);
}
