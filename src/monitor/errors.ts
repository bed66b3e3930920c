/** All errors of the room. */
import { bugError, userError, type BulkheadError } from '#base/errors.js';

export const monitorErrors = {
  notBuilt: (): BulkheadError =>
    bugError('MONITOR_NOT_BUILT', 'Cannot start a container in the background: the program that watches over it has not been built', {
      hint: 'npm run build',
    }),

  /** `said` is what its log has at the end. */
  lost: (id: string, said: string): BulkheadError =>
    userError(
      'MONITOR_LOST',
      `Cannot start container ${id}: the process that watches over it ended${said === '' ? ' without a word' : `: ${said}`}`,
      { hint: 'bulkhead list --all', data: { id } },
    ),

  notStarted: (id: string, why: string, cause: unknown): BulkheadError =>
    userError('MONITOR_NOT_STARTED', `Cannot start container ${id}: the process that watches over it cannot be started (${why})`, {
      data: { id, why },
      cause,
    }),

  callerLost: (id: string): BulkheadError =>
    userError('CALLER_LOST', `Cannot start container ${id}: the command that started it was killed, and a plugin changed its flags`, {
      hint: `bulkhead start ${id}`,
      data: { id },
    }),

  runsAlready: (id: string): BulkheadError =>
    userError('CONTAINER_RUNS', `Cannot start container ${id}: it runs already`, { hint: `bulkhead stop ${id}`, data: { id } }),

  pluginHostLost: (plugins: readonly string[]): BulkheadError =>
    userError(
      'PLUGIN_HOST_LOST',
      `Cannot go on with the container: the process in which its plugins run was killed${plugins.length === 0 ? '' : `, and it needs ${plugins.map((name) => `"${name}"`).join(', ')}`}`,
      { hint: 'bulkhead logs CONTAINER; bulkhead start CONTAINER', data: { plugins } },
    ),

  messageInvalid: (call: string, why: string): BulkheadError =>
    bugError('MESSAGE_INVALID', `Cannot use a message of another process of bulkhead (${call}): ${why}`, { data: { call, why } }),
};
