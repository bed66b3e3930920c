import type { CallbackAnswer, CallbackInput, CallbackName } from './contract/contract.js';
import type { CommandDescription, ContractStamp, FlagDefinition, Permissions } from './contract/description.js';
import { CONTRACT } from './contract/lock.generated.js';
import type { CommandHost, Host } from './host.js';

type FlagDefinitions = Readonly<Record<string, FlagDefinition>>;
type FlagValue<F extends FlagDefinition> = F['type'] extends 'boolean' ? boolean : F['type'] extends 'integer' ? number : string;
/** Booleans are always there; others where they are required or have a default. */
type FlagValues<F extends FlagDefinitions> = {
  readonly [K in keyof F]: F[K] extends { type: 'boolean' } | { required: true } | { default: string | number }
    ? FlagValue<F[K]>
    : FlagValue<F[K]> | undefined;
};

/** One command that the plugin adds to `bulkhead`. `flags` stands before `run`, so that `run` knows their types. */
export interface Command<F extends FlagDefinitions> extends Omit<CommandDescription, 'flags'> {
  readonly flags?: F;
  /** Answers with the exit code; nothing means 0. */
  run(input: { readonly args: readonly string[]; readonly flags: FlagValues<F> }, host: CommandHost): Answer<'command'>;
}

type Answer<Name extends CallbackName> = CallbackAnswer<Name> | void | Promise<CallbackAnswer<Name> | void>;
type Required<Name extends CallbackName> = undefined extends CallbackAnswer<Name> ? Answer<Name> : CallbackAnswer<Name> | Promise<CallbackAnswer<Name>>;

/** The callbacks of the contract, without `command`, which is written as `commands`. */
export type Callbacks = {
  readonly [Name in Exclude<CallbackName, 'command'>]?: (input: CallbackInput<Name>, host: Host) => Required<Name>;
};

export interface PluginDefinition<F extends Readonly<Record<string, FlagDefinitions>>> {
  /** Who it is: `example.com/scratch`. */
  readonly name: string;
  /** Semantic version of the plugin itself. */
  readonly version: string;
  readonly author: string;
  readonly description: string;
  /** What it asks for beyond the log and its store; the operator grants it at install. */
  readonly permissions?: Permissions;
  readonly commands?: { readonly [K in keyof F]: Command<F[K]> };
  /** The schemes that `registerImageDriver` answers for, such as `host` for `host:`. */
  readonly imageSchemes?: readonly string[];
  readonly callbacks?: Callbacks;
}

/** The definition and the contract it was built against; what the compartment reads. */
export type Plugin = PluginDefinition<Readonly<Record<string, FlagDefinitions>>> & { readonly contract: ContractStamp };

/**
 * Defines a plugin; the default export of its entry file.
 *
 * Everything but the functions is read once, when the plugin is compiled. The functions run in the compartment: with the
 * globals of `realm.d.ts`, the granted powers of `host`, and nothing else.
 */
export function definePlugin<const F extends Readonly<Record<string, FlagDefinitions>> = Record<never, never>>(definition: PluginDefinition<F>): Plugin {
  return { ...(definition as unknown as Plugin), contract: CONTRACT };
}
