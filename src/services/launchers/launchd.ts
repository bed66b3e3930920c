/**
 * launchd as the manager: root's jobs in the machine's domain, others in that of the caller's session. What is to boot is where launchd
 * looks for it; the rest beside its registration. A program gets its sockets by launch_activate_socket(3), under the names of the types.
 */
import { serviceErrors } from '../errors.js';
import type { ManagerPlaces } from '../places.js';
import { describePlist } from './launchd-plist.js';
import type { Manager, ManagedFile, ManagedService, ManagedState } from './managed.js';
import { openTool } from './tool.js';

/** By the kind of session that the caller is in, as `launchctl managername` says it. */
const domains: Readonly<Record<string, (uid: number) => string>> = {
  System: () => 'system',
  Background: (uid) => `user/${uid}`,
  Aqua: (uid) => `gui/${uid}`,
};

export interface LaunchdOptions {
  readonly places: ManagerPlaces;
  readonly environment: Readonly<Record<string, string>>;
  readonly uid: number;
  /** Where `launchctl` is looked for. */
  readonly tools?: readonly string[] | undefined;
}

export function openLaunchd({ places, environment, uid, tools }: LaunchdOptions): Manager {
  const launchctl = openTool('launchctl', tools);
  const findDomain = async (): Promise<string> => {
    const session = (await launchctl.run(['managername'])).stdout.trim();
    const domain = domains[session];
    if (domain === undefined) throw serviceErrors.managerFailed('launchctl', { args: ['managername'], exitCode: 0, said: session });
    return domain(uid);
  };
  const target = async ({ label }: ManagedService): Promise<string> => `${await findDomain()}/${label}`;
  const describe = (service: ManagedService): ManagedFile =>
    describePlist(service, {
      environment,
      ...(service.definition.loadAtBoot
        ? { directory: places.launchd.lasting, fileName: `${service.label}.plist` }
        : { directory: service.directory, fileName: 'service.plist' }),
    });
  /** Whatever is wrong with the answer, a job that is not known cannot be ended. */
  const isLoaded = async (service: ManagedService): Promise<boolean> =>
    (await launchctl.run(['print', await target(service)], everyCode)).exitCode === 0;
  return {
    kind: 'launchd',
    probe: async () => void (await findDomain()),
    describe: (service) => [describe(service)],
    load: async (service) => void (await launchctl.run(['bootstrap', await findDomain(), describe(service).path])),
    isLoaded,
    async unload(service) {
      if (await isLoaded(service)) await launchctl.run(['bootout', await target(service)]);
    },
    forget: () => Promise.resolve(),
    start: async (service) => void (await launchctl.run(['kickstart', await target(service)])),
    async stop(service) {
      if ((await look(service)).pid !== undefined) await launchctl.run(['kill', 'SIGTERM', await target(service)]);
    },
    look,
  };

  async function look({ label }: ManagedService): Promise<ManagedState> {
    return toState((await launchctl.run(['list', label], everyCode)).stdout);
  }
}

const everyCode = Array.from({ length: 255 }, (_none, index) => index + 1);

/** Lines such as `"PID" = 123;`. Of how often it was started launchd says nothing. */
function toState(text: string): ManagedState {
  const number = (key: string): number | undefined => {
    const found = new RegExp(`"${key}" = (\\d{1,10});`).exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const pid = number('PID');
  const status = number('LastExitStatus');
  if (pid !== undefined) return { state: 'running', pid, restarts: 0 };
  return { state: status === undefined || status === 0 ? 'idle' : 'failed', restarts: 0 };
}
