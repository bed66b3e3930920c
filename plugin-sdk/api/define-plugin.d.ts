// Written by `npm run api`; do not edit.
import type { GenericSchema } from 'valibot';
import type { CallbackAnswer, CallbackInput, CallbackName } from './contract/contract.js';
import type { ConfigChanges, ConfigField } from './contract/container-config.js';
import type { CommandDescription, ContractStamp } from './contract/description.js';
import type { ArgumentDefinition, FlagDefinition } from './contract/flags.js';
import type { PluginData } from './contract/plugin-data.js';
import type { MonitorDecision, MonitorRole } from './contract/monitor-shapes.js';
import type { ImageFeature } from './contract/image-shapes.js';
import type { ArgumentValues, FlagValuesOf } from './command-line.js';
import type { CommandHost, Declared, DeclaredPermissions, Host } from './host.js';
/**
 * Defines a plugin; the default export of its entry file.
 *
 * Everything but the functions is read once, when the plugin is compiled. The functions run in the compartment: with the
 * globals of `realm.d.ts`, the granted powers of `host`, and nothing else.
 */
export declare function definePlugin<
  const F extends ByName = Record<never, never>,
  const A extends ByName = Record<never, never>,
  const P extends DeclaredPermissions = Record<never, never>,
  const B extends ByName = Record<never, never>,
  C extends GenericSchema = NoConfiguration,
>(definition: PluginDefinition<F, A, P, B, C>): Plugin;
/** The definition and the contract it was built against; what the compartment reads. */
export type Plugin = PluginDefinition & {
  readonly contract: ContractStamp;
};
/** F: flags by command · A: arguments by command · P: permissions · B: flags by built-in command · C: configuration. */
export interface PluginDefinition<
  F extends ByName = ByName,
  A extends ByName = ByName,
  P extends DeclaredPermissions = DeclaredPermissions,
  B extends ByName = ByName,
  C extends GenericSchema = GenericSchema,
> {
  /** Who it is: `example.com/scratch`. */
  readonly name: string;
  /** Semantic version of the plugin itself. */
  readonly version: string;
  readonly author: string;
  readonly description: string;
  /** What it asks for beyond the log and its store; the operator grants it at install. */
  readonly permissions?: P;
  /**
   * What the operator can set with `bulkhead plugin configure`: `v.object({ … })` of valibot, whose fields are texts, numbers, booleans,
   * picklists, and lists and records of those. A field of `v.pipe(v.string(), v.metadata({ secret: true }))` is never shown.
   */
  readonly configuration?: C;
  /** By name; a name of several words, such as `scratch list`, makes a tree. */
  readonly commands?: {
    readonly [Name in keyof F]: Command<F[Name], A[Name & keyof A], P, C>;
  } & {
    readonly [Name in keyof A]: Arguments<A[Name]>;
  };
  /** Flags that it adds to built-in commands: `{ run: { trace: { type: 'boolean' } } }`. Seen by `beforeCommand`, `afterCommand` and `engineConfig`. */
  readonly flags?: {
    readonly [Name in keyof B]: B[Name] & FlagDefinitions;
  };
  /** Built-in commands around which `beforeCommand` and `afterCommand` are asked even where none of its flags is given. */
  readonly hooks?: readonly string[];
  /** The schemes that `registerImageDriver` answers for, such as `host` for `host:`. */
  readonly imageSchemes?: readonly string[];
  /** How it takes part in `monitorContainer`: it observes where absent; with `{ mode: 'control' }` its answers decide. */
  readonly monitor?: MonitorRole;
  /** Plugins that are asked later than this one, where they are installed; the operator's `plugin order` stands above it. */
  readonly before?: readonly string[];
  /** Plugins that are asked earlier. */
  readonly after?: readonly string[];
  /** What of the host's own work on images `mountImage` takes over. */
  readonly imageFeatures?: readonly ImageFeature[];
  /** The names for `run --runtime NAME` that `runtime` answers for. */
  readonly runtimes?: readonly string[];
  /** The names for `network create --plugin NAME` that `network` answers for. */
  readonly networks?: readonly string[];
  readonly callbacks?: Callbacks<P, B, C>;
}
/** The callbacks of the contract, without `command`, which is written as `commands`. */
export type Callbacks<P extends DeclaredPermissions = DeclaredPermissions, B = ByName, C extends GenericSchema = GenericSchema> = {
  readonly [Name in Exclude<CallbackName, 'command'>]?: (input: Input<Name, B>, host: Host<P, C>) => Answer<Name, P>;
};
/** One command that the plugin adds to `bulkhead`. `flags` and `args` stand before `run`, so that `run` knows their types. */
export interface Command<F, A, P extends DeclaredPermissions = DeclaredPermissions, C extends GenericSchema = GenericSchema> extends Omit<
  CommandDescription,
  'flags' | 'args'
> {
  readonly flags?: F & FlagDefinitions;
  /** Answers with the exit code; nothing means 0. */
  run(
    input: {
      readonly args: ArgumentValues<A>;
      readonly flags: FlagValuesOf<F>;
    },
    host: CommandHost<P, C>,
  ): Answer<'command', P>;
}
interface Arguments<A> {
  /** By their places; `run` gets them as a tuple. */
  readonly args?: A & readonly ArgumentDefinition[];
}
/** What the callback is asked with; the flags have the types of their definitions. */
type Input<Name extends CallbackName, B> = Name extends 'engineConfig'
  ? Omit<CallbackInput<Name>, 'flags'> & {
      readonly flags: FlagValuesOf<
        B extends {
          run: infer F;
        }
          ? F
          : unknown
      >;
    }
  : Name extends 'beforeCommand' | 'afterCommand'
    ? AroundCommand<Name, B>
    : CallbackInput<Name>;
/** One for each command that has flags of the plugin: `if (input.command === 'run')` tells them apart. */
type AroundCommand<Name extends CallbackName, B> = {
  [Command in keyof B & string]: Omit<CallbackInput<Name>, 'command' | 'flags'> & {
    readonly command: Command;
    readonly flags: FlagValuesOf<B[Command]>;
  };
} extends infer All
  ? [keyof All] extends [never]
    ? CallbackInput<Name>
    : All[keyof All]
  : never;
/** By the contract; where the answer may be absent, a function that answers nothing will do. */
type Answer<Name extends CallbackName, P extends DeclaredPermissions> = OrPromise<
  undefined extends CallbackAnswer<Name> ? Permitted<Name, P> | void : CallbackAnswer<Name>
>;
type Permitted<Name extends CallbackName, P extends DeclaredPermissions> = Name extends 'engineConfig'
  ? | (ConfigChanges &
        Undeclared<P> & {
          readonly data?: PluginData;
        })
    | undefined
  : Name extends 'monitorContainer'
    ? Decision<P> | undefined
    : CallbackAnswer<Name>;
/** A controller decides on what `permissions['container.control']` names, and sends what `permissions['container.signal']` names. */
type Decision<P extends DeclaredPermissions> = Extract<
  MonitorDecision,
  {
    action: ActionOf<Declared<P, 'container.control'>>;
  }
>;
type ActionOf<Scope> = Scope extends 'signals' ? 'forward' | 'swallow' | 'replace' : Scope extends 'exit' ? 'exit' | 'raise' : never;
/** An answer has no field of the configuration that `permissions.config` does not name. The keys do not depend on P, so that answers infer. */
type Undeclared<P extends DeclaredPermissions> = {
  readonly [Field in ConfigField]?: Field extends Declared<P, 'config'> ? ConfigChanges[Field] : never;
};
type OrPromise<T> = T | Promise<T>;
type NoConfiguration = GenericSchema<unknown, Readonly<Record<never, never>>>;
type FlagDefinitions = Readonly<Record<string, FlagDefinition>>;
/** Command by command; unknown for a command that has none. */
type ByName = Readonly<Record<string, unknown>>;
export {};
