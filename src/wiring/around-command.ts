/**
 * What happens around a built-in command:
 *
 *   beforeCommand   chain   may change its own flags and, where that was granted, the command's; may abort
 *   the command             its request made anew where a flag was changed
 *   afterCommand    every   whatever became of it
 *
 * A plugin is asked where it names the command in `hooks`, or where one of the flags that it adds to it was given; else none of its
 * code runs (P8), however many plugins add flags.
 */
import {
  absentValues,
  type CallbackInput,
  type CallbackOutput,
  type FlagValue,
  type FlagValues,
  type Permissions,
  type PluginDescription,
} from '@bulkhead/plugin-sdk/contract';
import { isDeepStrictEqual } from 'node:util';
import { BulkheadError, messageOf } from '#base/errors.js';
import type { Log } from '#base/log.js';
import { shorten } from '#base/text.js';
import { askChain, askEvery, type Audit, type Respondent } from '#host/host.js';
import { findValueFault } from '#package/package.js';
import { recordUse } from './audit.js';
import { wiringErrors } from './errors.js';

/** A built-in command as it was typed. */
export interface Invocation<Request> {
  readonly command: string;
  readonly args: readonly string[];
  /** Of the command's own flags, those that were given. */
  readonly commandFlags: FlagValues;
  /** By plugin, what became of the flags that it adds to the command. */
  readonly added: Readonly<Record<string, AddedValues>>;
  /** The request, with these values in place of what was typed. Throws where one is none of the command's. */
  toRequest(changed: FlagValues): Promise<Request>;
}

export interface AddedValues {
  readonly values: FlagValues;
  /** Whether one of them was given, on the command line or in the environment. */
  readonly isGiven: boolean;
}

/** Whether the plugin is to be asked around this command. */
export function takesPartAround(
  { name, hooks, callbacks }: { readonly name: string; readonly hooks: readonly string[]; readonly callbacks: readonly string[] },
  { command, added }: Pick<Invocation<unknown>, 'command' | 'added'>,
): boolean {
  const isCalled = callbacks.includes('beforeCommand') || callbacks.includes('afterCommand');
  return isCalled && (hooks.includes(command) || added[name]?.isGiven === true);
}

/** A plugin that takes part. */
export interface Attendant {
  readonly respondent: Respondent;
  readonly manifest: PluginDescription;
  /** Asked when it has answered: before it is loaded nobody knows who signed it. */
  readonly grants: () => Permissions;
}

export interface Surroundings {
  readonly attendants: readonly Attendant[];
  readonly log: Log;
  readonly audit: Audit;
}

/** Runs a command with what plugins have to say before and after it. `work` gets the flags of each plugin as they are then. */
export async function aroundCommand<Request, Result extends { readonly exitCode: number; readonly runMs: number }>(
  invocation: Invocation<Request>,
  surroundings: Surroundings,
  work: (request: Request, flagsOf: (manifest: PluginDescription) => FlagValues) => Promise<Result>,
): Promise<Result> {
  const begun: Begun = { state: startState(invocation), asked: [] };
  let result: Result;
  try {
    await askBefore(begun, invocation, surroundings);
    const request = await invocation.toRequest(begun.state.changed);
    result = await work(request, (manifest) => valuesOf(begun.state.added, manifest, invocation.command));
  } catch (error) {
    // What ended the command is what the user must learn; that a plugin fails after it comes second.
    await askAfter(begun, invocation, surroundings.log, describeFailure(error)).catch(() => undefined);
    throw error;
  }
  await askAfter(begun, invocation, surroundings.log, { outcome: 'ended', exitCode: result.exitCode, runMs: result.runMs });
  return result;
}

/** What is known so far; `asked` are those that have had their say before the command, and will be asked after it. */
interface Begun {
  state: State;
  readonly asked: Attendant[];
}

interface State {
  readonly added: Readonly<Record<string, FlagValues>>;
  readonly commandFlags: FlagValues;
  /** Of the command's flags, those that a plugin has changed, and which. */
  readonly changed: FlagValues;
  readonly owners: ReadonlyMap<string, string>;
}

function startState({ commandFlags, added }: Invocation<unknown>): State {
  const values = Object.entries(added).map(([plugin, one]) => [plugin, one.values]);
  return { added: Object.fromEntries(values) as State['added'], commandFlags, changed: {}, owners: new Map() };
}

/** A plugin of which no flag was typed is not among those that the command line was parsed with. */
function valuesOf(added: State['added'], { name, flags }: PluginDescription, command: string): FlagValues {
  return added[name] ?? absentValues(flags[command]);
}

async function askBefore(begun: Begun, { command, args }: Invocation<unknown>, { attendants, log, audit }: Surroundings): Promise<void> {
  for (const attendant of attendants) {
    const { respondent, manifest } = attendant;
    let aborted: BulkheadError | undefined;
    if (manifest.callbacks.includes('beforeCommand')) {
      begun.state = await askChain(
        [respondent],
        'beforeCommand',
        {
          first: begun.state,
          input: ({ added, commandFlags }) => ({ command, args: [...args], flags: valuesOf(added, manifest, command), commandFlags }),
          apply(state, answer) {
            // Not a failure of the plugin: no policy may let the command begin all the same.
            if (answer?.abort !== undefined) aborted = wiringErrors.commandAborted(manifest.name, command, answer.abort);
            return answer === undefined || aborted !== undefined ? state : applyAnswer(state, answer, { command, attendant, audit });
          },
        },
        log,
      );
    }
    begun.asked.push(attendant);
    if (aborted !== undefined) throw aborted;
  }
}

type Answer = NonNullable<CallbackOutput<'beforeCommand'>>;

function applyAnswer(
  state: State,
  { flags = {}, commandFlags = {} }: Answer,
  { command, attendant: { manifest, grants }, audit }: { command: string; attendant: Attendant; audit: Audit },
): State {
  const { name: plugin } = manifest;
  for (const [flag, value] of Object.entries(flags)) requireOwnFlag(manifest, command, flag, value);
  const names = Object.keys(commandFlags);
  if (names.length > 0)
    recordUse(
      audit,
      { plugin, callback: 'beforeCommand', power: 'flags', argument: { flags: names.map((flag) => `${command}.${flag}`) } },
      () => {
        for (const [flag, value] of Object.entries(commandFlags)) requireFree(state, { plugin, command, flag, value, grants: grants() });
      },
    );
  return {
    added: { ...state.added, [plugin]: { ...valuesOf(state.added, manifest, command), ...flags } },
    commandFlags: { ...state.commandFlags, ...commandFlags },
    changed: { ...state.changed, ...commandFlags },
    owners: new Map([...names.map((flag): [string, string] => [flag, plugin]), ...state.owners]),
  };
}

function requireOwnFlag({ name, flags }: PluginDescription, command: string, flag: string, value: FlagValue): void {
  const own = Object.hasOwn(flags, command) ? (flags[command] ?? {}) : {};
  const definition = Object.hasOwn(own, flag) ? own[flag] : undefined;
  const fault = definition === undefined ? 'is none that the plugin adds' : findValueFault(definition, value);
  if (fault !== undefined) throw wiringErrors.flagRefused(name, flag, fault);
}

/** A flag of the command has been granted, and has one owner: as with the fields of the configuration. */
function requireFree(
  { owners, changed }: State,
  { plugin, command, flag, value, grants }: { plugin: string; command: string; flag: string; value: FlagValue; grants: Permissions },
): void {
  if (!(grants.flags ?? []).includes(`${command}.${flag}`)) throw wiringErrors.flagNotGranted(plugin, command, flag);
  const owner = owners.get(flag);
  if (owner !== undefined && owner !== plugin && !isDeepStrictEqual(changed[flag], value))
    throw wiringErrors.flagConflict(flag, owner, plugin);
}

type End = Pick<CallbackInput<'afterCommand'>, 'outcome' | 'exitCode' | 'reason' | 'runMs'>;

async function askAfter({ state, asked }: Begun, { command, args }: Invocation<unknown>, log: Log, end: End): Promise<void> {
  for (const { respondent, manifest } of asked) {
    if (!manifest.callbacks.includes('afterCommand')) continue;
    await askEvery(
      [respondent],
      'afterCommand',
      { command, args: [...args], flags: valuesOf(state.added, manifest, command), ...end },
      log,
    );
  }
}

/** The exit code is the one that the command line will give. */
function describeFailure(error: unknown): End {
  const reason = shorten(messageOf(error), 4096);
  if (error instanceof BulkheadError && error.code === 'COMMAND_ABORTED')
    return { outcome: 'aborted', exitCode: Number(error.data['exitCode']), reason };
  return { outcome: 'failed', exitCode: 255, reason };
}
