/**
 * How much of everything a plugin may use: one table. Operators read it in docs/limits.md (a test compares the two) and change it in
 * `bulkhead.toml`, for all plugins or for one; `plugin inspect --json` shows what is in force. The bounds of single fields are no
 * budgets: they are the contract's (plugin-sdk/contract), the same on every host.
 */
import * as v from 'valibot';
import type { GuestLimits } from '#wire/wire.js';

interface Budget {
  readonly otherwise: number;
  readonly min: number;
  readonly max: number;
  readonly what: string;
}

const budget = (otherwise: number, min: number, max: number, what: string): Budget => ({ otherwise, min, max, what });

const KIB = 1024;
const MIB = 1024 * KIB;

export const budgetTable = {
  'heap-old-mib': budget(64, 16, 4096, 'Memory of what lives long. A thread that uses more is ended; see isolation'),
  'heap-young-mib': budget(16, 4, 256, 'Memory of what was just made'),
  'stack-mib': budget(4, 1, 16, 'Stack: how deep functions may call each other'),
  'process-memory-mib': budget(
    256,
    64,
    65_536,
    'All that a compartment with isolation process may allocate, its buffers too; the kernel holds it',
  ),
  'open-ms': budget(10_000, 500, 120_000, 'Time to start a compartment and to evaluate the script'),
  'ready-ms': budget(5000, 100, 120_000, 'Time for a sign of life before a container starts'),
  'deadline-percent': budget(100, 1, 1000, 'Of the deadline that the contract gives each callback'),
  'deadline-max-ms': budget(600_000, 50, 3_600_000, 'The longest deadline of any call, after that'),
  'total-ms': budget(120_000, 100, 86_400_000, 'Time of all calls of one plugin in one command'),
  'total-percent': budget(25, 0, 100, 'Of the time that the command has run, added to it: a job of days may be watched for days'),
  'message-characters': budget(4 * MIB, 64 * KIB, 4 * MIB, 'Texts of one message, in either direction'),
  'messages-per-second': budget(20_000, 100, 1_000_000, 'Messages from the compartment; one that sends more is ended'),
  'messages-in-flight': budget(256, 16, 8192, 'Requests that the host has not answered yet; a compartment that sends more is ended'),
  'stray-replies': budget(16, 0, 10_000, 'Replies that nobody waits for, dropped and counted; a compartment that sends more is ended'),
  'powers-under-way': budget(64, 1, 4096, 'Requests for powers at once; a further one is refused'),
  'log-lines-per-second': budget(200, 1, 100_000, 'Lines of log; further ones are dropped and counted'),
  'log-lines-per-call': budget(2000, 1, 1_000_000, 'Lines of log in one call; further ones are dropped and counted'),
  'print-bytes-per-call': budget(8 * MIB, KIB, 256 * MIB, 'What one call prints; a call that prints more is ended'),
  'syslog-lines-per-second': budget(20, 1, 1000, 'Lines for the system log; a further one is refused'),
  'store-bytes': budget(4 * MIB, KIB, 256 * MIB, 'Keys and values of the store, as UTF-8'),
  'store-keys': budget(256, 1, 256, 'Keys of the store'),
  'image-stream-mib': budget(8192, 1, 1_048_576, 'Bytes of an image that a driver brings as a stream'),
  'image-unpacked-mib': budget(16_384, 1, 4_194_304, 'The same image, unpacked'),
  'image-entries': budget(1_000_000, 1, 10_000_000, 'Files, directories and links of such an image'),
  'idle-cpu-percent': budget(25, 1, 100, 'CPU that a compartment may use while no call is in flight, of one core; see the window'),
  'idle-cpu-window-ms': budget(2000, 100, 600_000, 'Time over which that is measured; a compartment that uses more is ended'),
  'quarantine-failures': budget(5, 1, 20, 'Compartments in a row that ended by a fault of the plugin, before it is put into quarantine'),
  'quarantine-minutes': budget(10, 1, 1440, 'Time within which they ended'),
} as const satisfies Record<string, Budget>;

export type BudgetName = keyof typeof budgetTable;
export type Budgets = Readonly<Record<BudgetName, number>>;

const names = Object.keys(budgetTable) as BudgetName[];

export const defaultBudgets: Budgets = Object.fromEntries(names.map((name) => [name, budgetTable[name].otherwise])) as Budgets;

const entries = Object.fromEntries(names.map((name) => [name, v.optional(withinRange(name))])) as Record<
  BudgetName,
  v.OptionalSchema<ReturnType<typeof withinRange>, undefined>
>;

function withinRange(name: BudgetName) {
  const { min, max } = budgetTable[name];
  const message = `must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.safeInteger(message), v.minValue(min, message), v.maxValue(max, message));
}

/**
 * `[budgets]` of the operator's configuration: values for all plugins, and tables of values for single ones.
 *
 *   [budgets]
 *   log-lines-per-second = 50
 *   [budgets."example.com/plugin"]
 *   heap-old-mib = 256
 */
export const budgetSettings = v.objectWithRest(entries, v.strictObject(entries, 'is no budget, and no table of budgets of a plugin'));
export type BudgetSettings = v.InferOutput<typeof budgetSettings>;

/** The effective budgets of one plugin. */
export function budgetsOf(settings: BudgetSettings, plugin: string): Budgets {
  // A plugin cannot have the name of a budget: then `own` would be a number.
  const own = Object.hasOwn(settings, plugin) ? settings[plugin] : undefined;
  const given = { ...settings, ...(typeof own === 'object' ? own : {}) };
  return Object.fromEntries(names.map((name) => [name, (given as Partial<Budgets>)[name] ?? defaultBudgets[name]])) as Budgets;
}

/** Less than what the host ends a compartment for, so that an honest guest never comes near it. */
export function guestLimitsOf(budgets: Budgets): GuestLimits {
  const halfInFlight = Math.floor(budgets['messages-in-flight'] / 2);
  return {
    messageCharacters: budgets['message-characters'],
    powersUnderWay: Math.min(budgets['powers-under-way'], halfInFlight),
    sentAtOnce: Math.min(64, Math.floor(halfInFlight / 2)),
    logLinesPerCall: budgets['log-lines-per-call'],
    printBytesPerCall: budgets['print-bytes-per-call'],
  };
}

/** The budget of one call, out of the deadline that the contract gives the callback. */
export function deadlineOf(budgets: Budgets, contractMs: number): number {
  return Math.min(Math.ceil((contractMs * budgets['deadline-percent']) / 100), budgets['deadline-max-ms']);
}
