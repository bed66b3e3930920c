/** Services of plugins, as the command line calls them. Programs of plugins run as processes of their own; none of their code does here. */
import { dirname } from 'node:path';
import { startEnvironment } from '#catalog/catalog.js';
import {
  defineService,
  describeFor,
  findManager,
  handOver,
  labelOfName,
  removePlugin,
  reportServices,
  serviceErrors,
  startDaemon,
  stopDaemon,
  takeBack,
  openEmbedded,
  type Hello,
  type LauncherKind,
  type ManagedFile,
  type ManagerKind,
  type ServiceStatus,
  type Stopped,
} from '#services/services.js';
import { findShipped } from '#base/shipped.js';
import { findBootBundles, registerBootServices, type BootReport } from './boot-services.js';
import type { Scene } from './scene.js';
import { readServiceLogs, type LoggedLine, type LogsRequest } from './service-logs.js';

export interface SystemReport {
  readonly status: 'running' | 'not running';
  readonly launcher: LauncherKind;
  readonly daemon?: Pick<Hello, 'version' | 'startedAt'> & { readonly pid: number };
  /** Where services are, or would be. */
  readonly places: Hello['places'];
  readonly services: readonly ServiceStatus[];
}

export interface Started extends BootReport {
  readonly launcher: LauncherKind;
  readonly isNew: boolean;
  /** Of bulkhead's own daemon. */
  readonly pid?: number;
  /** Labels of services that a daemon before this one has left running. */
  readonly adopted: readonly string[];
}

export interface SystemCommands {
  /** What is to be registered at the start is; one that cannot be is a warning. */
  start(request: { readonly timeoutMs: number }): Promise<Started>;
  stop(): Promise<Stopped>;
  status(): Promise<SystemReport>;
  logs(request: LogsRequest): AsyncIterable<LoggedLine>;
  /** Hands services to a manager of the system; registers what is to be registered at the start. */
  install(launcher: ManagerKind): Promise<BootReport>;
  /** What it would be given. */
  describeInstall(launcher: ManagerKind): Promise<readonly ManagedFile[]>;
  uninstall(): ReturnType<typeof takeBack>;
  /** Ends all services of a plugin, and removes what it keeps; answers with their labels. */
  remove(plugin: string): Promise<readonly string[]>;
}

export function openSystem(scene: Scene, version: string): SystemCommands {
  const { paths, env, log } = scene;
  const places = paths.services;
  const options = { places, version };
  const environment = (): Record<string, string> => {
    const shipped = findShipped('services/daemon.js');
    if (shipped === undefined) throw serviceErrors.notBuilt();
    return startEnvironment(env, { app: paths.state, install: dirname(dirname(dirname(shipped))) });
  };
  return {
    async start({ timeoutMs }) {
      const boots = await findBootBundles(scene);
      const manager = await findManager(options);
      if (manager !== undefined)
        return { launcher: manager.kind, isNew: false, adopted: [], ...(await registerBootServices(boots, manager)) };
      const { daemon, isNew } = await startDaemon({ places, version, environment: environment(), timeoutMs });
      try {
        const { adopted } = await daemon.call('status', {});
        const report = await registerBootServices(boots, openEmbedded(daemon));
        return { launcher: 'embedded', isNew, pid: daemon.hello.process.pid, adopted: isNew ? adopted : [], ...report };
      } finally {
        daemon.close();
      }
    },
    async stop() {
      const manager = await findManager(options);
      if (manager !== undefined) throw serviceErrors.managedElsewhere(manager.kind);
      return stopDaemon(places);
    },
    async status() {
      const { launcher, daemon, services } = await reportServices(options);
      const { kept, run, pluginState } = places;
      return {
        status: launcher === 'embedded' && daemon === undefined ? 'not running' : 'running',
        launcher,
        ...(daemon && { daemon: { pid: daemon.process.pid, version: daemon.version, startedAt: daemon.startedAt } }),
        places: { kept, run, pluginState },
        services,
      };
    },
    async *logs(request) {
      const manager = await findManager(options);
      if (manager !== undefined) throw serviceErrors.loggedElsewhere(manager.kind, logHints[manager.kind](request.name, places.kept));
      yield* readServiceLogs(places.kept, request, (line) => log.write('warning', line));
    },
    async install(launcher) {
      const boots = await findBootBundles(scene);
      return registerBootServices(boots, await handOver({ launcher, environment: environment() }, options));
    },
    async describeInstall(launcher) {
      const { usable } = await findBootBundles(scene);
      const told = { launcher, environment: environment() };
      return usable.flatMap((bundle) => describeFor(told, defineService({ bundle }), options));
    },
    uninstall: () => takeBack(options),
    remove: (plugin) => removePlugin(plugin, options),
  };
}

const logHints: Readonly<Record<LauncherKind, (name: string | undefined, kept: string) => string>> = {
  embedded: () => 'bulkhead system logs',
  systemd: (name) =>
    `journalctl ${process.geteuid?.() === 0 ? '' : '--user '}--identifier=${name === undefined ? 'com.bulkhead…' : labelOfName(name)}`,
  launchd: (name, kept) => `less ${kept}/${name === undefined ? 'com.bulkhead…' : labelOfName(name)}/launchd.log`,
};
