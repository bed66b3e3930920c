/** Services of plugins, as the command line calls them. Programs of plugins run as processes of their own; none of their code does here. */
import { dirname } from 'node:path';
import { startEnvironment } from '#catalog/catalog.js';
import {
  findDaemon,
  listLeftServices,
  requireOurs,
  serviceErrors,
  startDaemon,
  stopDaemon,
  type Hello,
  type ServiceStatus,
  type Stopped,
} from '#services/services.js';
import { findShipped } from '#base/shipped.js';
import type { Scene } from './scene.js';
import { readServiceLogs, type LoggedLine, type LogsRequest } from './service-logs.js';

export interface SystemReport {
  readonly status: 'running' | 'not running';
  readonly daemon?: Pick<Hello, 'version' | 'startedAt'> & { readonly pid: number };
  /** Where services are; of the daemon where one runs, else where it would have them. */
  readonly places: Hello['places'];
  readonly services: readonly ServiceStatus[];
}

export interface Started {
  readonly isNew: boolean;
  readonly pid: number;
  /** Labels of services that a daemon before this one has left running. */
  readonly adopted: readonly string[];
}

export interface SystemCommands {
  start(request: { readonly timeoutMs: number }): Promise<Started>;
  stop(): Promise<Stopped>;
  status(): Promise<SystemReport>;
  logs(request: LogsRequest): AsyncIterable<LoggedLine>;
}

export function openSystem({ paths, env, log }: Scene, version: string): SystemCommands {
  const places = paths.services;
  return {
    async start({ timeoutMs }) {
      const shipped = findShipped('services/daemon.js');
      if (shipped === undefined) throw serviceErrors.notBuilt();
      const environment = startEnvironment(env, { app: paths.state, install: dirname(dirname(dirname(shipped))) });
      const { daemon, isNew } = await startDaemon({ places, version, environment, timeoutMs });
      try {
        const { adopted } = await daemon.call('status', {});
        return { isNew, pid: daemon.hello.process.pid, adopted: isNew ? adopted : [] };
      } finally {
        daemon.close();
      }
    },
    stop: () => stopDaemon(places),
    async status() {
      const daemon = await findDaemon(places);
      if (daemon === undefined) return { status: 'not running', places, services: await listLeftServices(places) };
      try {
        const { hello } = daemon;
        requireOurs(hello, places, version);
        const { services } = await daemon.call('status', {});
        const { startedAt, process } = hello;
        return { status: 'running', daemon: { pid: process.pid, version: hello.version, startedAt }, places: hello.places, services };
      } finally {
        daemon.close();
      }
    },
    logs: (request) => readServiceLogs(places.kept, request, (line) => log.write('warning', line)),
  };
}
