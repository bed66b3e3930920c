import type { CallbackName, Permissions, SignalName } from '@bulkhead/plugin-sdk/contract';
import type { Log } from '#base/log.js';
import type { Budgets } from '../budgets.js';
import type { Audit } from './audit.js';

/** For whom a power acts, and on what. */
export interface PowerContext {
  readonly plugin: string;
  readonly grants: Permissions;
  readonly budgets: Budgets;
  readonly log: Log;
  readonly print: (text: string) => void;
  /** The granted variables of the caller's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The directory of this plugin's own state. */
  readonly stateDirectory: string;
  /** Directories of Bulkhead itself: no grant of files reaches into them. */
  readonly sealed: readonly string[];
  /** The container of this run, while it runs. */
  readonly container?: (() => RunningContainer | undefined) | undefined;
  /** Where the system log takes its lines: `/dev/log` where absent; for tests. */
  readonly syslogSocket?: string | undefined;
  /** Where each use is recorded; absent where a plugin is only looked at. */
  readonly audit?: Audit | undefined;
}

/** What the host can do with a container for plugins. */
export interface RunningContainer {
  /** To the command; to nobody where it has ended. */
  readonly signal: (signal: SignalName) => void;
  /** Of all its processes; bounded in cost, whatever the container does. */
  readonly use: () => { readonly memoryBytes: number; readonly cpuMs: number; readonly pids: number };
}

export interface CallInFlight {
  readonly callId: string;
  readonly callback: CallbackName;
  /** Aborted when the callback has answered, or was stopped: what waits for its turn is then not begun, and what runs is ended. */
  readonly over: AbortSignal;
}
