import type { CallbackName, Permissions } from '@bulkhead/plugin-sdk/contract';
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
  /** Where each use is recorded; absent where a plugin is only looked at. */
  readonly audit?: Audit | undefined;
}

export interface CallInFlight {
  readonly callId: string;
  readonly callback: CallbackName;
  /** Aborted when the callback has answered, or was stopped: what waits for its turn is then not begun, and what runs is ended. */
  readonly over: AbortSignal;
}
