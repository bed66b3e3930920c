/** dist/monitor/monitor.js: the program that a command starts for each container in the background. See monitor.ts. */
import { toPlainError } from '#base/plain-error.js';
import { openChannel, portToParent } from './channel.js';
import { monitorErrors } from './errors.js';
import { oversee, type Caller } from './oversee.js';
import { callerCalls, monitorCalls } from './protocol.js';

const [, , id = ''] = process.argv;
let endInput = (): void => undefined;

const caller: Caller = openChannel(portToParent(), {
  ours: monitorCalls,
  handlers: {
    async begin(beginning) {
      await oversee(beginning, caller, (end) => (endInput = end))
        .catch((thrown: unknown) => caller.call('ended', { fault: toPlainError(thrown), hasBegun: false }))
        .catch(() => undefined);
      caller.close();
    },
    endInput: () => endInput(),
  },
  theirs: callerCalls,
  lost: () => monitorErrors.callerLost(id),
});
