import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { PowerInput } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError, systemCodeOf } from '#base/errors.js';
import { escapeControls, shorten } from '#base/text.js';
import { openAllowance, type Allowance } from '../allowance.js';
import { powerErrors } from '../errors.js';
import { startDeadline } from './deadline.js';
import type { CallInFlight, PowerContext } from './power-context.js';
import { endGroup, startGroup } from './process-group.js';

const deadlineMs = 2_000;
/** Of a line, control characters written out. */
const lineMaxCharacters = 2_048;
/** Where logger is. The caller's PATH is the caller's. */
const toolPath = '/usr/bin:/bin:/usr/sbin:/sbin:/run/current-system/sw/bin';

const allowances = new WeakMap<PowerContext, Allowance>();

/**
 * Node has no datagram sockets of this kind, so that logger of util-linux writes the line. It reads it: what stands among its arguments
 * anybody could see. The tag begins with ours, or a plugin that calls itself `sshd` could speak in its name.
 */
export async function writeSyslog(
  { facility, severity, message }: PowerInput<'syslog'>,
  context: PowerContext,
  call: CallInFlight,
): Promise<undefined> {
  if (!(context.grants.syslog ?? []).includes(facility)) throw powerErrors.notGranted('syslog', facility);
  admitLine(context);
  const { signal, clear } = startDeadline(call.over, deadlineMs);
  try {
    const options = ['--socket', context.syslogSocket ?? '/dev/log', '--socket-errors=on', '--size=16KiB', `--id=${process.pid}`];
    await runLogger([...options, '--tag', `bulkhead/${context.plugin}`, '--priority', `${facility}.${severity}`], oneLine(message), signal);
  } catch (error) {
    if (call.over.aborted) throw powerErrors.callOver('syslog');
    if (signal.aborted) throw powerErrors.syslogFailed(`not done within ${deadlineMs} ms`);
    if (error instanceof BulkheadError) throw error;
    throw powerErrors.syslogFailed(systemCodeOf(error) === 'ENOENT' ? 'the program logger is not installed' : 'logger cannot be run');
  } finally {
    clear();
  }
}

function admitLine(context: PowerContext): void {
  const perSecond = context.budgets['syslog-lines-per-second'];
  const allowance = allowances.get(context) ?? openAllowance(perSecond);
  allowances.set(context, allowance);
  if (!allowance.take()) throw powerErrors.tooFast('syslog', perSecond);
}

/** logger would make an entry of each line, and the second could pass for another's. */
function oneLine(message: string): string {
  const text = escapeControls(message).replaceAll('\t', ' ').replaceAll('\n', '\\n');
  return `${shorten(text, lineMaxCharacters)}\n`;
}

async function runLogger(args: readonly string[], line: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const child = startGroup(() =>
    spawn('logger', args, { cwd: '/', env: { PATH: toolPath, LC_ALL: 'C.UTF-8' }, detached: true, stdio: ['pipe', 'ignore', 'pipe'] }),
  );
  const stop = (): void => (child.pid === undefined ? undefined : endGroup(child.pid));
  signal.addEventListener('abort', stop, { once: true });
  try {
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(0, 512)));
    // It may end without having read all; how it ended is then the answer.
    child.stdin.on('error', () => undefined).end(line);
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw powerErrors.syslogFailed(said.trim().replace(/^logger: /, '') || 'logger was ended');
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}
