import type { CallbackAnswer, CallbackInput, CallbackName } from './contract/contract.js';
import type { CommandDescription, ContractStamp, FlagDefinition } from './contract/description.js';
import type { ConfigChanges, ConfigField } from './contract/container-config.js';
import type { PluginData } from './contract/plugin-data.js';
import { CONTRACT } from './contract/lock.generated.js';
import type { CommandHost, Declared, DeclaredPermissions, Host } from './host.js';

/**
 * Defines a plugin; the default export of its entry file.
 *
 * Everything but the functions is read once, when the plugin is compiled. The functions run in the compartment: with the
 * globals of `realm.d.ts`, the granted powers of `host`, and nothing else.
 */
export function definePlugin<
  const F extends FlagsOfCommands = Record<never, never>,
  const P extends DeclaredPermissions = Record<never, never>,
>(definition: PluginDefinition<F, P>): Plugin {
  // What the functions expect is narrower than what `Plugin` says of them; the host keeps to the narrower by the manifest.
  return { ...(definition as unknown as PluginDefinition), contract: CONTRACT };
}

/** The definition and the contract it was built against; what the compartment reads. */
export type Plugin = PluginDefinition & { readonly contract: ContractStamp };

export interface PluginDefinition<F extends FlagsOfCommands = FlagsOfCommands, P extends DeclaredPermissions = DeclaredPermissions> {
  /** Who it is: `example.com/scratch`. */
  readonly name: string;
  /** Semantic version of the plugin itself. */
  readonly version: string;
  readonly author: string;
  readonly description: string;
  /** What it asks for beyond the log and its store; the operator grants it at install. */
  readonly permissions?: P;
  readonly commands?: { readonly [Name in keyof F]: Command<F[Name], P> };
  /** The schemes that `registerImageDriver` answers for, such as `host` for `host:`. */
  readonly imageSchemes?: readonly string[];
  readonly callbacks?: Callbacks<P>;
}

/** The callbacks of the contract, without `command`, which is written as `commands`. */
export type Callbacks<P extends DeclaredPermissions = DeclaredPermissions> = {
  readonly [Name in Exclude<CallbackName, 'command'>]?: (input: CallbackInput<Name>, host: Host<P>) => Answer<Name, P>;
};

/** One command that the plugin adds to `bulkhead`. `flags` stands before `run`, so that `run` knows their types. */
export interface Command<F, P extends DeclaredPermissions = DeclaredPermissions> extends Omit<CommandDescription, 'flags'> {
  readonly flags?: F & FlagDefinitions;
  /** Answers with the exit code; nothing means 0. */
  run(input: { readonly args: readonly string[]; readonly flags: FlagValues<F> }, host: CommandHost<P>): Answer<'command', P>;
}

/** By the contract; where the answer may be absent, a function that answers nothing will do. */
type Answer<Name extends CallbackName, P extends DeclaredPermissions> = OrPromise<
  undefined extends CallbackAnswer<Name> ? Permitted<Name, P> | void : CallbackAnswer<Name>
>;
type Permitted<Name extends CallbackName, P extends DeclaredPermissions> = Name extends 'engineConfig'
  ? (ConfigChanges & Undeclared<P> & { readonly data?: PluginData }) | undefined
  : CallbackAnswer<Name>;
/** An answer has no field of the configuration that `permissions.config` does not name. The keys do not depend on P, so that answers infer. */
type Undeclared<P extends DeclaredPermissions> = {
  readonly [Field in ConfigField]?: Field extends Declared<P, 'config'> ? ConfigChanges[Field] : never;
};
type OrPromise<T> = T | Promise<T>;

type FlagDefinitions = Readonly<Record<string, FlagDefinition>>;
/** Command by command; unknown for a command without flags. */
type FlagsOfCommands = Readonly<Record<string, unknown>>;
type FlagValues<F> = F extends FlagDefinitions ? { readonly [Name in keyof F]: FlagValue<F[Name]> } : Readonly<Record<never, never>>;
/** Booleans are always there; others where they are required or have a default. */
type FlagValue<F extends FlagDefinition> = F['type'] extends 'boolean'
  ? boolean
  : IsGiven<F> extends true
    ? Given<F>
    : Given<F> | undefined;
type Given<F extends FlagDefinition> = F['type'] extends 'integer' ? number : string;
// Asked of each property alone: TypeScript 5 holds an object literal against `{ required: true }` with its excess properties.
type IsGiven<F extends FlagDefinition> = F['required'] extends true ? true : F['default'] extends string | number ? true : false;
