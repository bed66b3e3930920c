/** Bulkhead's own daemon as a launcher. */
import type { DaemonConnection } from '../client.js';
import type { Launcher } from './launcher.js';

export function openEmbedded(daemon: DaemonConnection): Launcher {
  return {
    kind: 'embedded',
    register: (definition) => daemon.call('register', { definition }),
    deregister: async (label) => (await daemon.call('deregister', { label })).wasThere,
    start: async (label) => void (await daemon.call('start', { label })),
    awaitReady: async (label) => void (await daemon.call('awaitReady', { label })),
    stop: async (label) => void (await daemon.call('stop', { label })),
    list: async () => (await daemon.call('status', {})).services,
    close: () => daemon.close(),
  };
}
