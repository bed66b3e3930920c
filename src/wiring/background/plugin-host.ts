/**
 * The plugins' half of a container in the background, in a process of its own. It does what the command line does in the foreground,
 * from beforeCommand to afterCommand, except that the container is run by the monitor, which asks back at each moment.
 */
import { messageOf } from '#base/errors.js';
import { toPlainError } from '#base/plain-error.js';
import {
  hostCalls,
  monitorCallsOfHost,
  monitorErrors,
  namesOf,
  openChannel,
  portToParent,
  serveMoments,
  type Channel,
  type PluginHostBegin,
} from '#monitor/monitor.js';
import type { Invocation } from '../around-command.js';
import { openScene } from '../open-scene.js';
import { withPlugins, type RunMoments } from '../run.js';
import type { Scene } from '../scene.js';

type Monitor = Channel<typeof monitorCallsOfHost>;

/** Serves the process that has started this one, until all is done. */
export function servePlugins(): void {
  let moments: RunMoments | undefined;
  const monitor: Monitor = openChannel(portToParent(), {
    ours: hostCalls,
    handlers: {
      ...serveMoments(() => moments),
      begin(beginning) {
        void serve(beginning, { monitor, take: (taken) => (moments = taken) });
      },
    },
    theirs: monitorCallsOfHost,
    lost: () => monitorErrors.pluginHostLost([]),
  });
}

interface Service {
  readonly monitor: Monitor;
  readonly take: (moments: RunMoments) => void;
}

async function serve(beginning: PluginHostBegin, { monitor, take }: Service): Promise<void> {
  const scene = openSceneOf(beginning, monitor);
  try {
    const result = await withPlugins(scene, invocationOf(beginning, monitor), {
      use(_request, moments, { signal, needed }) {
        take(moments);
        signal.addEventListener('abort', () => quietly(monitor.call('stop', { fault: toPlainError(signal.reason) })), { once: true });
        // What the container stands on is not that of this process.
        process.chdir('/');
        return monitor.call('run', { moments: namesOf(moments), needed: [...needed] });
      },
      configured: () => undefined,
    });
    await monitor.call('done', { result });
  } catch (thrown) {
    await monitor.call('done', { fault: toPlainError(thrown) }).catch((error: unknown) => scene.log.write('error', messageOf(error)));
  } finally {
    monitor.close();
  }
}

/** What the command line would have said goes to the monitor, which passes it on. */
function openSceneOf({ pluginDirectories, builtinFlags, isDebug }: PluginHostBegin, monitor: Monitor): Scene {
  return openScene({
    log: {
      isDebug,
      write: (level, message) => (level === 'debug' && !isDebug ? undefined : quietly(monitor.call('say', { level, message }))),
    },
    print: (text) => quietly(monitor.call('print', { text })),
    env: process.env,
    uid: process.geteuid?.() ?? -1,
    builtinFlags,
    pluginDirectories,
  });
}

/** The flags are parsed where they were typed; here it is enough to know the image and the runtime. */
function invocationOf({ invocation }: PluginHostBegin, monitor: Monitor): Invocation<{ image: string; runtime?: string | undefined }> {
  return { ...invocation, toRequest: (changed) => monitor.call('request', { changed }) };
}

function quietly(work: Promise<unknown>): void {
  work.catch(() => undefined);
}
