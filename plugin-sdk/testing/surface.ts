/** What `@bulkhead/plugin-sdk/testing` offers, apart from how it is done, so that its declarations stand alone. */
import type {
  AskableName,
  CallbackInput,
  CallbackOutput,
  ConfigurationValues,
  FlagValues,
  Permissions,
  PluginDescription,
} from '../contract/contract.js';

export interface TestPluginOptions {
  /** What the operator grants; all that the plugin asks for where absent. */
  readonly grants?: Permissions;
  /** The environment of the caller, of which the plugin sees what was granted. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the operator has set; defaults come from the schema. */
  readonly configuration?: ConfigurationValues;
  /** Deadline of each call in milliseconds, instead of the contract's. */
  readonly deadlineMs?: number;
  /** Where `host.syslog` writes to, instead of `/dev/log`: a datagram socket of the test. */
  readonly syslogSocket?: string;
}

export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warning' | 'error';
  /** As the operator sees it, with the plugin's name. */
  readonly message: string;
}

/** A plugin in a real compartment, with a host that is the test. */
export interface TestPlugin {
  /** What is static in it, as the manifest will say it. */
  readonly description: PluginDescription;
  /** Asks for a callback. Rejects with what the operator would see: a fault, a missed deadline, an answer that the contract refuses. */
  call<Name extends AskableName>(callback: Name, input: CallbackInput<Name>): Promise<CallbackOutput<Name>>;
  /** Runs a contributed command; `output` is what it printed. */
  command(name: string, args?: readonly string[], flags?: FlagValues): Promise<{ exitCode: number; output: string }>;
  /** What it has logged so far, debug lines of the host left out. */
  readonly log: readonly LoggedLine[];
  /** Ends the compartment and removes the store. */
  close(): Promise<void>;
}

/**
 * Compiles the plugin in `directory` and opens it in a real compartment: the same worker, lockdown, gate and schemas as in
 * production. Close it after the test.
 */
export declare function openTestPlugin(directory: string, options?: TestPluginOptions): Promise<TestPlugin>;
