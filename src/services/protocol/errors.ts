/** What programs of plugins do wrong on their sockets, and why they are not asked. Their own words stand behind the plugin's name. */
import { bugError, pluginError, userError, type BulkheadError } from '#base/errors.js';
import { shorten } from '#base/text.js';

const WORDS_LENGTH_MAX = 2_048;

export const protocolErrors = {
  broken: (plugin: string, what: string): BulkheadError =>
    pluginError('SERVICE_PROTOCOL_BROKEN', `Plugin "${plugin}" does not keep to the protocol: ${shorten(what, WORDS_LENGTH_MAX)}`, {
      ...mend(plugin),
      data: { plugin },
    }),

  incompatible: (plugin: string, why: string, data: Readonly<Record<string, unknown>> = {}): BulkheadError =>
    pluginError('SERVICE_INCOMPATIBLE', `Cannot use plugin "${plugin}": its program is ${shorten(why, WORDS_LENGTH_MAX)}`, {
      hint: `upgrade the plugin, or bulkhead; see: bulkhead plugin inspect ${plugin}`,
      data: { plugin, ...data },
    }),

  /** The plugin's own words. */
  callFailed: (plugin: string, method: string, { code, message }: { code: number; message: string }): BulkheadError =>
    pluginError('SERVICE_CALL_FAILED', `Plugin "${plugin}" failed in ${method}: ${shorten(message, WORDS_LENGTH_MAX)} (${code})`, {
      ...mend(plugin),
      data: { plugin, method, code },
    }),

  answerInvalid: (plugin: string, method: string, why: string): BulkheadError =>
    pluginError('SERVICE_ANSWER_INVALID', `Plugin "${plugin}" answered ${method} with what is no answer: ${shorten(why, 512)}`, {
      ...mend(plugin),
      data: { plugin, method },
    }),

  late: (plugin: string, method: string, deadlineMs: number): BulkheadError =>
    pluginError('SERVICE_CALL_LATE', `Plugin "${plugin}" did not answer ${method} within ${deadlineMs} ms`, {
      ...mend(plugin),
      data: { plugin, method, deadlineMs },
    }),

  /** `said`: the last lines that it wrote. */
  lost: (plugin: string, why: string, said: readonly string[] = []): BulkheadError =>
    pluginError(
      'SERVICE_CONNECTION_LOST',
      `Cannot ask plugin "${plugin}" any more: ${why}${said.length === 0 ? '' : `; it wrote:\n${said.join('\n')}`}`,
      { ...mend(plugin), data: { plugin, said } },
    ),

  tooMany: (plugin: string, inFlightMax: number): BulkheadError =>
    bugError('SERVICE_CALLS_TOO_MANY', `Cannot ask plugin "${plugin}": ${inFlightMax} calls are in flight already`, { data: { plugin } }),

  questionTooLarge: (plugin: string, method: string, bytesMax: number): BulkheadError =>
    userError('SERVICE_QUESTION_TOO_LARGE', `Cannot ask plugin "${plugin}" for ${method}: the question has more than ${bytesMax} bytes`, {
      hint: 'run it with a shorter command, or fewer variables',
      data: { plugin, method, bytesMax },
    }),
};

function mend(plugin: string): { readonly hint: string } {
  return { hint: `bulkhead plugin inspect ${plugin}, or: bulkhead plugin disable ${plugin}` };
}
