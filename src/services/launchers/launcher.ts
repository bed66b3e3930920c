/**
 * Who keeps services running. Three can, and whoever uses a service does not see which one it is: the same program, arguments, environment,
 * labels, endpoints and state directories.
 *
 *   embedded   bulkhead's own daemon; needs nothing
 *   systemd    of the user, or of the machine for root; starts with the machine, where it has to
 *   launchd    the same of macOS
 */
import type { Registered, ServiceStatus } from '../control.js';
import type { Endpoint, ServiceDefinition } from '../definition.js';

export const launcherKinds = ['embedded', 'systemd', 'launchd'] as const;
export type LauncherKind = (typeof launcherKinds)[number];

export interface Launcher {
  readonly kind: LauncherKind;
  /**
   * From then on its endpoints are there. Idempotent; where another definition of the same label is registered, it is ended and the new one
   * takes its place. Atomic: where it rejects, it is not registered.
   */
  register(definition: ServiceDefinition): Promise<{ readonly outcome: Registered; readonly endpoints: readonly Endpoint[] }>;
  /** Ends it; answers whether it was registered. Idempotent. */
  deregister(label: string): Promise<boolean>;
  /** Idempotent. Does not wait until it is ready. */
  start(label: string): Promise<void>;
  /** Resolves when it runs. Rejects with SERVICE_FAILED. */
  awaitReady(label: string): Promise<void>;
  /** Ends its program; a connection starts it again. Idempotent. */
  stop(label: string): Promise<void>;
  /** By label. */
  list(): Promise<readonly ServiceStatus[]>;
  close(): void;
}
