import { bugError, pluginError, type BulkheadError } from '#base/errors.js';
import { shorten } from '#base/text.js';
import type { Fault } from '#wire/wire.js';
import type { BudgetName } from './budgets.js';

/** What can go wrong with a plugin that runs. Each names the plugin; the host is well. */
export const hostErrors = {
  guestNotBuilt: (): BulkheadError =>
    bugError('GUEST_NOT_BUILT', 'Cannot start a compartment: the guest has not been built', { hint: 'npm run build' }),

  deadlineMissed: (plugin: string, callback: string, deadlineMs: number): BulkheadError =>
    pluginError(
      'DEADLINE_MISSED',
      `Cannot wait for plugin "${plugin}": ${callback} did not answer within ${deadlineMs} ms and was stopped`,
      {
        hint: `bulkhead plugin disable ${plugin}`,
        data: { plugin, callback, deadlineMs },
      },
    ),

  compartmentEnded: (plugin: string, callback: string, why: string): BulkheadError =>
    pluginError('COMPARTMENT_ENDED', `Cannot ask plugin "${plugin}" for ${callback}: its compartment ended (${why})`, {
      hint: `bulkhead plugin disable ${plugin}`,
      data: { plugin, callback },
    }),

  borderViolated: (plugin: string, why: string): BulkheadError =>
    pluginError('BORDER_VIOLATED', `Cannot go on with plugin "${plugin}": it sent a message that may not cross the border (${why})`, {
      hint: `bulkhead plugin disable ${plugin}`,
      data: { plugin, why },
    }),

  faulted: (plugin: string, callback: string, fault: Fault, where: string | undefined): BulkheadError =>
    pluginError(
      fault.code === 'PLUGIN_THREW' ? 'PLUGIN_THREW' : 'PLUGIN_FAULT',
      `Plugin "${plugin}" failed in ${callback}${where === undefined ? '' : ` (${where})`}: ${describeFault(fault)}`,
      {
        hint: `bulkhead plugin disable ${plugin}`,
        data: { plugin, callback, fault },
      },
    ),

  /** Both texts can quote the answer, and the answer can be megabytes. */
  answerRefused: (plugin: string, callback: string, where: string, why: string): BulkheadError => {
    const told = { where: shorten(where, 256), why: shorten(why, 512) };
    return pluginError('ANSWER_REFUSED', `Cannot use the answer of plugin "${plugin}" to ${callback}: ${told.where} ${told.why}`, {
      hint: `bulkhead plugin disable ${plugin}`,
      data: { plugin, callback, ...told },
    });
  },

  /** What the host asks cannot be said in the words of the older contract. */
  notAdaptable: (plugin: string, callback: string, generation: string, why: string): BulkheadError =>
    pluginError(
      'QUESTION_NOT_ADAPTABLE',
      `Cannot ask plugin "${plugin}" for ${callback} in the form of contract ${generation}: ${shorten(why, 512)}`,
      {
        hint: `rebuild the plugin for this host, or: bulkhead plugin disable ${plugin}`,
        data: { plugin, callback, generation },
      },
    ),

  questionTooLarge: (plugin: string, callback: string, why: string): BulkheadError =>
    pluginError('QUESTION_TOO_LARGE', `Cannot ask plugin "${plugin}" for ${callback}: what it would be sent has ${why}`, {
      hint: `bulkhead plugin disable ${plugin}, or raise message-characters in bulkhead.toml`,
      data: { plugin, callback, why },
    }),

  overspent: (plugin: string, budget: BudgetName, limit: number): BulkheadError =>
    pluginError(
      'BUDGET_OVERSPENT',
      `Cannot go on with plugin "${plugin}": it used more than its budget ${budget}, which is ${limit.toLocaleString('en-US')}`,
      {
        hint: `bulkhead plugin disable ${plugin}, or raise ${budget} in bulkhead.toml`,
        data: { plugin, budget, limit },
      },
    ),

  flooded: (plugin: string, why: string): BulkheadError =>
    pluginError('BORDER_FLOODED', `Cannot go on with plugin "${plugin}": it flooded the border with ${why}`, {
      hint: `bulkhead plugin disable ${plugin}`,
      data: { plugin, why },
    }),

  timeSpent: (plugin: string, callback: string, totalMs: number): BulkheadError =>
    pluginError(
      'TOTAL_TIME_SPENT',
      `Cannot ask plugin "${plugin}" for ${callback}: its calls have taken more than ${totalMs} ms of this command`,
      {
        hint: `bulkhead plugin disable ${plugin}, or raise total-ms in bulkhead.toml`,
        data: { plugin, callback, totalMs, lasts: true },
      },
    ),

  driverRefused: (plugin: string, why: string): BulkheadError =>
    pluginError('IMAGE_DRIVER_REFUSED', `Cannot show an image as plugin "${plugin}" says: ${shorten(why, 512)}`, {
      hint: `bulkhead plugin permissions ${plugin}`,
      data: { plugin, why: shorten(why, 512) },
    }),

  runtimeRefused: (plugin: string, why: string): BulkheadError =>
    pluginError('RUNTIME_REFUSED', `Cannot run the container as plugin "${plugin}" says: ${shorten(why, 512)}`, {
      hint: `bulkhead plugin permissions ${plugin}`,
      data: { plugin, why: shorten(why, 512) },
    }),

  badDefinition: (plugin: string, issues: readonly string[]): BulkheadError =>
    pluginError('BAD_DEFINITION', `Cannot read the definition of ${plugin}: ${issues.join('; ')}`, { data: { plugin, issues } }),
};

function describeFault({ name, message }: Fault): string {
  return name === 'Error' || name === '' ? message : `${name}: ${message}`;
}

/** Why a power was not carried out. The plugin sees code and message, so that they say nothing that it may not know. */
export const powerErrors = {
  badArgument: (power: string, where: string, why: string): BulkheadError =>
    pluginError('POWER_BAD_ARGUMENT', `Cannot use ${power}: ${shorten(where, 256)}: ${shorten(why, 512)}`, {
      data: { power, where: shorten(where, 256) },
    }),
  callOver: (power: string): BulkheadError =>
    pluginError('POWER_CALL_OVER', `Cannot use ${power}: the call in whose name it was asked is over`, { data: { power } }),
  tooMany: (power: string, underWayMax: number): BulkheadError =>
    pluginError('POWER_TOO_MANY', `Cannot use ${power}: ${underWayMax} requests of this plugin are under way already`, { data: { power } }),
  notAudited: (power: string): BulkheadError =>
    pluginError('POWER_NOT_AUDITED', `Cannot use ${power}: the policy of this host wants a record of it, which could not be written`, {
      data: { power },
    }),
  onlyInCommands: (power: string): BulkheadError =>
    pluginError('POWER_ONLY_IN_COMMANDS', `Cannot use ${power}: it works only while a contributed command runs`, { data: { power } }),
  notGranted: (power: string, what: string): BulkheadError =>
    pluginError('POWER_NOT_GRANTED', `Cannot use ${power} on ${what}: it was not granted`, { data: { power, what } }),
  sealed: (power: string, path: string): BulkheadError =>
    pluginError('POWER_NOT_GRANTED', `Cannot use ${power} on ${path}: it is Bulkhead's own, which no grant reaches`, {
      data: { power, what: path },
    }),
  fileUnreadable: (path: string, why: string): BulkheadError =>
    pluginError('POWER_FILE_UNREADABLE', `Cannot read ${path}: ${why}`, { data: { path } }),
  fileUnwritable: (path: string, why: string): BulkheadError =>
    pluginError('POWER_FILE_UNWRITABLE', `Cannot write ${path}: ${why}`, { data: { path } }),
  fetchFailed: (origin: string, why: string): BulkheadError =>
    pluginError('POWER_FETCH_FAILED', `Cannot fetch from ${origin}: ${why}`, { data: { origin } }),
  execFailed: (program: string, why: string): BulkheadError =>
    pluginError('POWER_EXEC_FAILED', `Cannot run ${program}: ${why}`, { data: { program } }),
  noContainer: (power: string): BulkheadError =>
    pluginError('POWER_NO_CONTAINER', `Cannot use ${power}: no container runs`, { data: { power } }),
  tooFast: (power: string, perSecond: number): BulkheadError =>
    pluginError('POWER_TOO_FAST', `Cannot use ${power}: this plugin used it more than ${perSecond} times a second`, { data: { power } }),
  syslogFailed: (why: string): BulkheadError => pluginError('POWER_SYSLOG_FAILED', `Cannot write to the system log: ${why}`, { data: {} }),
  storeFull: (most: string): BulkheadError => pluginError('POWER_STORE_FULL', `Cannot store more than ${most}`, { data: { most } }),
};
