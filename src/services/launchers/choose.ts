/** Which launcher has the services of a root. */
import { join } from 'node:path';
import * as v from 'valibot';
import { findDaemon, openDaemon } from '../client.js';
import type { ServiceDefinition } from '../definition.js';
import { serviceErrors } from '../errors.js';
import { findJson, removeFile, writeJson } from '../json-file.js';
import { openPlaces, type ServicePlaces } from '../places.js';
import { openEmbedded } from './embedded.js';
import { openLaunchd } from './launchd.js';
import { launcherKinds, type Launcher } from './launcher.js';
import { describeManaged, openManaged, type ManagedFile, type Manager } from './managed.js';
import { openSystemd } from './systemd.js';

const managerKinds = launcherKinds.filter((kind) => kind !== 'embedded');
export type ManagerKind = (typeof managerKinds)[number];

/** `launcher.json`. */
const choice = v.strictObject({
  launcher: v.picklist(managerKinds),
  /** What programs of services are given; as it was when the services were handed over. */
  environment: v.record(v.string(), v.string()),
});
type Choice = v.InferOutput<typeof choice>;
const choiceFile = ({ kept }: ServicePlaces): string => join(kept, 'launcher.json');

export interface LauncherOptions {
  readonly places: ServicePlaces;
  /** Of bulkhead; counts for its own daemon, where given. */
  readonly version?: string | undefined;
  /** Where programs of service managers are looked for; the system's directories where absent. */
  readonly tools?: readonly string[] | undefined;
}

/** Undefined where bulkhead's own daemon has them, or nobody. */
export async function findManager({ places, tools }: LauncherOptions): Promise<Launcher | undefined> {
  const found = await findJson(choiceFile(places), choice);
  return found && openManaged(openManager(found, { places, tools }), places);
}

/** Throws SERVICES_NOT_RUNNING and what else openDaemon throws where it is bulkhead's own daemon. */
export async function openLauncher(options: LauncherOptions): Promise<Launcher> {
  const { places, version } = options;
  return (await findManager(options)) ?? openEmbedded(await openDaemon(places, version));
}

/**
 * Hands the services of this root to a service manager, and answers with it. Idempotent; keeps no service that the daemon has.
 * Throws SERVICES_DAEMON_RUNS, SERVICES_MANAGED where it is another one, and where the manager cannot be reached.
 */
export async function handOver(told: Choice, options: LauncherOptions): Promise<Launcher> {
  const { places } = options;
  const daemon = await findDaemon(places);
  daemon?.close();
  if (daemon !== undefined) throw serviceErrors.daemonRuns(daemon.hello.process.pid);
  const before = await findJson(choiceFile(places), choice);
  if (before !== undefined && before.launcher !== told.launcher) throw serviceErrors.managedElsewhere(before.launcher);
  const manager = openManager(told, options);
  await manager.probe();
  await openPlaces(places);
  writeJson(choiceFile(places), told);
  return openManaged(manager, places);
}

/** Ends all services that a manager has, and takes them back; answers with their labels, undefined where no manager has them. Idempotent. */
export async function takeBack(options: LauncherOptions): Promise<{ readonly launcher: string; readonly services: string[] } | undefined> {
  const launcher = await findManager(options);
  if (launcher === undefined) return undefined;
  const services: string[] = [];
  for (const { label } of await launcher.list()) {
    await launcher.deregister(label);
    services.push(label);
  }
  removeFile(choiceFile(options.places));
  return { launcher: launcher.kind, services };
}

/** What a manager would be given. Writes nothing. */
export function describeFor(told: Choice, definition: ServiceDefinition, options: LauncherOptions): readonly ManagedFile[] {
  return openManager(told, options).describe(describeManaged(definition, options.places));
}

function openManager({ launcher, environment }: Choice, { places: { managers }, tools }: LauncherOptions): Manager {
  if (managers === undefined) throw serviceErrors.managerMissing(launcher);
  const uid = process.geteuid?.() ?? -1;
  return managersByKind[launcher]({ places: managers, environment, uid, isSystem: uid === 0, tools });
}

const managersByKind = { systemd: openSystemd, launchd: openLaunchd } as const satisfies Record<ManagerKind, unknown>;
