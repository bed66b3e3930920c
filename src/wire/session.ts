import type { Port } from './gate.js';

/** What the host hands to the guest when a compartment starts. Of the host's own making, so that the guest believes it. */
export interface SessionTask<P extends Port> {
  readonly callPort: P;
  readonly powerPort: P;
  /** The plugin's name, for its stack traces. */
  readonly name: string;
  readonly script: string;
  /** The granted variables of the caller's environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** The argument of every callback on the wire. */
export interface CallArgument {
  /** Names the call; a power is asked for in its name, and refused when it is no longer in flight. */
  readonly callId: string;
  readonly input: Readonly<Record<string, unknown>>;
}
