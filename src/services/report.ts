/** How services are, whoever keeps them running. Starts nothing. */
import { findDaemon, requireOurs } from './client.js';
import type { Hello, ServiceStatus } from './control.js';
import { findManager, type LauncherOptions } from './launchers/choose.js';
import type { LauncherKind } from './launchers/launcher.js';
import { listLeftServices } from './left.js';

export interface ServicesReport {
  readonly launcher: LauncherKind;
  /** Absent where none runs; then the services are those that one has left. */
  readonly daemon?: Hello;
  readonly services: readonly ServiceStatus[];
}

/** Throws what keeps the daemon, or the manager, from being asked. */
export async function reportServices(options: LauncherOptions): Promise<ServicesReport> {
  const { places, version } = options;
  const manager = await findManager(options);
  if (manager !== undefined) return { launcher: manager.kind, services: await manager.list() };
  const daemon = await findDaemon(places);
  if (daemon === undefined) return { launcher: 'embedded', services: await listLeftServices(places) };
  try {
    requireOurs(daemon.hello, places, version);
    return { launcher: 'embedded', daemon: daemon.hello, services: (await daemon.call('status', {})).services };
  } finally {
    daemon.close();
  }
}
