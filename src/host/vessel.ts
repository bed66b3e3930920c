import type { Port } from '#wire/wire.js';

/** What a plugin's compartment runs in: a thread of this process, or a process of its own with a limit of memory that holds. */
export type Isolation = 'thread' | 'process';

/** A running thread or process with a compartment in it. */
export interface Vessel {
  readonly callPort: Port;
  readonly powerPort: Port;
  /** Where the plugin runs, for `--debug`. `threadId` is what the guest says of itself. */
  describe(threadId: number): string;
  /** The time that it has computed so far, as milliseconds, measured outside of it. */
  activeMs(): number;
  /** Resolves when it has ended, with the reason; never rejects. */
  readonly ended: Promise<string>;
  /** Ends it at once, whatever it does. Idempotent. */
  terminate(): Promise<void>;
}
