/** All errors of the room. */
import { bugError, pluginError, userError, type BulkheadError } from '#base/errors.js';
import { shorten } from '#base/text.js';

const START = 'bulkhead system start';
const RESTART = 'bulkhead system stop, then bulkhead system start';

export const serviceErrors = {
  notBuilt: (): BulkheadError =>
    bugError('SERVICES_NOT_BUILT', 'Cannot start services: the programs that keep them running have not been built', {
      hint: 'npm run build',
    }),

  notRunning: (place: string): BulkheadError =>
    userError('SERVICES_NOT_RUNNING', `Cannot reach the services: no daemon answers at ${place}`, { hint: START, data: { place } }),

  /** `said`: the end of what it wrote on its standard error. */
  notStarted: (why: string, said: string): BulkheadError =>
    userError('SERVICES_NOT_STARTED', `Cannot start the services: ${why}${said === '' ? '' : `; the daemon said: ${said}`}`, {
      hint: 'bulkhead system status',
      data: { why, said },
    }),

  notStopped: (pid: number, waitedMs: number): BulkheadError =>
    userError('SERVICES_NOT_STOPPED', `Cannot stop the services: the daemon (process ${pid}) has not ended within ${waitedMs / 1000} s`, {
      hint: `kill -KILL ${pid}, then bulkhead system stop`,
      data: { pid, waitedMs },
    }),

  startBusy: (waitedMs: number): BulkheadError =>
    userError('SERVICES_BUSY', `Cannot start the services: another command has been starting them for ${waitedMs / 1000} s`, {
      hint: 'bulkhead system status',
      data: { waitedMs },
    }),

  /** `said`: its own words. */
  managerFailed: (tool: string, { args, exitCode, said }: { args: readonly string[]; exitCode: number; said: string }): BulkheadError =>
    userError(
      'SERVICES_MANAGER_FAILED',
      `Cannot have services kept running: ${tool} ${args.join(' ')} failed with exit code ${exitCode}${said === '' ? '' : ` (${said})`}`,
      {
        hint: 'leave it to bulkhead itself: bulkhead system uninstall, then bulkhead system start',
        data: { tool, args, exitCode, said },
      },
    ),

  managerMissing: (tool: string): BulkheadError =>
    userError('SERVICES_MANAGER_MISSING', `Cannot have services kept running: ${tool} is not installed`, {
      hint: START,
      data: { tool },
    }),

  managedElsewhere: (launcher: string): BulkheadError =>
    userError('SERVICES_MANAGED', `Cannot do that: the services of this root are kept running by ${launcher}`, {
      hint: 'bulkhead system uninstall',
      data: { launcher },
    }),

  loggedElsewhere: (launcher: string, hint: string): BulkheadError =>
    userError('SERVICES_LOGGED_ELSEWHERE', `Cannot print what services wrote: ${launcher} keeps them running, and what they write`, {
      hint,
      data: { launcher },
    }),

  daemonRuns: (pid: number): BulkheadError =>
    userError('SERVICES_DAEMON_RUNS', `Cannot hand the services over: bulkhead's own daemon has them (process ${pid})`, {
      hint: 'bulkhead system stop',
      data: { pid },
    }),

  argumentUnfit: (plugin: string, launcher: string): BulkheadError =>
    pluginError(
      'SERVICE_ARGUMENT_UNFIT',
      `Cannot start plugin "${plugin}" as a service: an argument or a variable has characters that ${launcher} has no way to write`,
      { hint: `bulkhead plugin inspect ${plugin}`, data: { plugin, launcher } },
    ),

  otherRoot: (
    daemon: { readonly kept: string; readonly run: string },
    here: { readonly kept: string; readonly run: string },
  ): BulkheadError =>
    userError(
      'SERVICES_OTHER_ROOT',
      `Cannot use the daemon that runs: it is of another root (its services are in ${daemon.kept}, its sockets in ${daemon.run}; this command's are in ${here.kept} and ${here.run})`,
      { hint: 'stop it with the environment that started it (BULKHEAD_ROOT, XDG_STATE_HOME, XDG_RUNTIME_DIR)', data: { daemon, here } },
    ),

  otherVersion: (daemon: string, here: string): BulkheadError =>
    userError('SERVICES_OTHER_VERSION', `Cannot use the daemon that runs: it is of bulkhead ${daemon}, and this is ${here}`, {
      hint: RESTART,
      data: { daemon, here },
    }),

  notADaemon: (place: string, why: string): BulkheadError =>
    userError('SERVICES_NO_DAEMON', `Cannot use what answers at ${place}: it is no daemon of bulkhead (${why})`, {
      hint: RESTART,
      data: { place, why },
    }),

  daemonLost: (call: string): BulkheadError =>
    userError('SERVICES_DAEMON_LOST', `Cannot go on (${call}): the daemon ended before it had answered`, {
      hint: START,
      data: { call },
    }),

  daemonLate: (call: string, waitedMs: number): BulkheadError =>
    userError('SERVICES_DAEMON_LATE', `Cannot go on (${call}): the daemon has not answered within ${waitedMs / 1000} s`, {
      hint: 'bulkhead system status',
      data: { call, waitedMs },
    }),

  requestInvalid: (why: string): BulkheadError =>
    bugError('SERVICES_REQUEST_INVALID', `Cannot use a message between bulkhead and its daemon: ${why}`, { data: { why } }),

  placeUnsafe: (path: string, why: string): BulkheadError =>
    userError('SERVICES_PLACE_UNSAFE', `Cannot keep services in ${path}: ${why}`, {
      hint: `ls -ld ${JSON.stringify(path)}`,
      data: { path, why },
    }),

  addressTooLong: (path: string, bytes: number, bytesMax: number): BulkheadError =>
    userError(
      'SERVICE_ADDRESS_TOO_LONG',
      `Cannot make the socket ${path}: its path has ${bytes} bytes, and the kernel takes ${bytesMax} at most`,
      {
        hint: 'take a shorter name for the instance, or a shorter XDG_RUNTIME_DIR',
        data: { path, bytes, bytesMax },
      },
    ),

  nameInvalid: (name: string): BulkheadError =>
    userError(
      'SERVICE_NAME_INVALID',
      `Cannot use ${JSON.stringify(shorten(name, 100))} as the name of a service or of an instance: it must be letters, digits, ".", "_" and "-", 63 at most, a letter or a digit first`,
      { data: { name: shorten(name, 100) } },
    ),

  notAService: (name: string): BulkheadError =>
    userError('NOT_A_SERVICE', `Cannot start plugin "${name}" as a service: it is a command`, {
      hint: `bulkhead ${name}`,
      data: { name },
    }),

  typeMissing: (name: string, type: string): BulkheadError =>
    userError('SERVICE_TYPE_MISSING', `Cannot use plugin "${name}" as a ${type}: it offers no such service`, {
      hint: `bulkhead plugin inspect ${name}`,
      data: { name, type },
    }),

  labelTaken: (label: string, owner: { readonly name: string; readonly instance?: string | undefined }): BulkheadError =>
    userError(
      'SERVICE_LABEL_TAKEN',
      `Cannot register service ${label}: plugin "${owner.name}"${owner.instance === undefined ? '' : `, instance "${owner.instance}",`} has that label`,
      { hint: 'rename one of the two plugins, or the instance', data: { label, ...owner } },
    ),

  notRegistered: (label: string): BulkheadError =>
    userError('SERVICE_NOT_REGISTERED', `Cannot find service ${label}: it is not registered`, {
      hint: 'bulkhead system status',
      data: { label },
    }),

  /** `said`: the last lines that it wrote. */
  failed: (plugin: string, { label, why, said }: { label: string; why: string; said: readonly string[] }): BulkheadError =>
    pluginError(
      'SERVICE_FAILED',
      `Cannot use plugin "${plugin}": its service ${label} failed (${why})${said.length === 0 ? ', and wrote nothing' : `; it wrote:\n${said.join('\n')}`}`,
      { hint: `bulkhead system logs ${label.split('.').slice(2).join('.')}`, data: { plugin, label, why, said } },
    ),

  unreachable: (plugin: string, { label, why }: { label: string; why: string }): BulkheadError =>
    pluginError(
      'SERVICE_UNREACHABLE',
      `Cannot connect to plugin "${plugin}": the socket of its service ${label} does not take it (${why})`,
      {
        hint: 'bulkhead system status',
        data: { plugin, label, why },
      },
    ),
};
