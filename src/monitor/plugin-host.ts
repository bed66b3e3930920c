/**
 * The plugins of a container in the background run in a process of their own beside its monitor, so that what becomes of them does
 * not become of the container:
 *
 *      monitor ──▶ setpriv --pdeathsig KILL ─▶ plugin host ──▶ compartments (threads, or processes of their own)
 */
import { spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { findShipped } from '#base/shipped.js';
import { readTool } from '#engine/engine.js';
import { openChannel, portToChild, type Channel, type Handlers } from './channel.js';
import { monitorErrors } from './errors.js';
import { LOG_FILE } from './journal.js';
import { hostCalls, monitorCallsOfHost } from './protocol.js';

export interface PluginHostProcess {
  readonly channel: Channel<typeof hostCalls>;
  readonly pid: number | undefined;
}

export interface PluginHostOptions {
  /** Of the container; what the process says of itself goes to its log. */
  readonly directory: string;
  readonly handlers: Handlers<typeof monitorCallsOfHost>;
  /** The plugins that are needed, when it is lost. */
  readonly needed: () => readonly string[];
}

export async function startPluginHost({ directory, handlers, needed }: PluginHostOptions): Promise<PluginHostProcess> {
  const file = findShipped('monitor/plugin-host.js');
  if (file === undefined) throw monitorErrors.notBuilt();
  const setpriv = await readTool('setpriv');
  const log = openSync(join(directory, LOG_FILE), 'a', 0o600);
  try {
    const child = spawn(setpriv, ['--pdeathsig', 'KILL', '--', process.execPath, file], {
      stdio: ['ignore', log, log, 'ipc'],
      serialization: 'advanced',
    });
    const channel = openChannel(portToChild(child), {
      ours: monitorCallsOfHost,
      handlers,
      theirs: hostCalls,
      lost: () => monitorErrors.pluginHostLost(needed()),
    });
    child.on('error', () => channel.close());
    child.on('exit', () => channel.close());
    return { channel, pid: child.pid };
  } finally {
    closeSync(log);
  }
}
