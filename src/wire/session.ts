import type { Port } from './gate.js';

/** Of one message between processes, which has its length in front. More than the largest that a budget allows (message-characters). */
export const FRAME_BYTES_MAX = 10 * 1_048_576;

/** What the host hands to the guest when a compartment starts. Of the host's own making, so that the guest believes it. */
export interface SessionTask<P extends Port> extends SessionStart {
  readonly callPort: P;
  readonly powerPort: P;
}

export interface SessionStart {
  /** The plugin's name, for its stack traces. */
  readonly name: string;
  readonly script: string;
  /** The granted variables of the caller's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What the operator set of it, and defaults; plain data. */
  readonly configuration: object;
  readonly limits: GuestLimits;
}

/** What the guest keeps a plugin to, so that the host need not end the compartment. The host counts on its own all the same. */
export interface GuestLimits {
  readonly messageCharacters: number;
  readonly powersUnderWay: number;
  /** Lines and prints that the host has not taken yet; more wait in the compartment. */
  readonly sentAtOnce: number;
  readonly logLinesPerCall: number;
  readonly printBytesPerCall: number;
}

/** The argument of every callback on the wire. */
export interface CallArgument {
  /** Names the call; a power is asked for in its name, and refused when it is no longer in flight. */
  readonly callId: string;
  readonly input: Readonly<Record<string, unknown>>;
}
