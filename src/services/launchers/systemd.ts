/**
 * systemd as the manager: that of the machine for root, else that of the user. What is to boot lasts, in the directory of lasting units, and is
 * enabled; all else is in the one that is empty when the machine starts.
 */
import { existsSync } from 'node:fs';
import type { ServiceStatus } from '../control.js';
import type { ManagerPlaces } from '../places.js';
import type { ManagedFile, ManagedService, ManagedState, Manager } from './managed.js';
import { describeUnits, serviceUnit, socketUnit } from './systemd-units.js';
import { openTool } from './tool.js';

/** LSB: the unit is not loaded. */
const NOT_LOADED = 5;

export interface SystemdOptions {
  readonly places: ManagerPlaces;
  readonly environment: Readonly<Record<string, string>>;
  /** Whether it is the machine's. */
  readonly isSystem: boolean;
  /** Where `systemctl` is looked for. */
  readonly tools?: readonly string[] | undefined;
}

export function openSystemd({ places, environment, isSystem, tools }: SystemdOptions): Manager {
  const tool = openTool('systemctl', tools);
  const systemctl = (args: readonly string[], allowed?: readonly number[]): Promise<{ stdout: string }> =>
    tool.run([...(isSystem ? [] : ['--user']), '--no-ask-password', '--no-pager', ...args], allowed);
  const describe = (service: ManagedService): ManagedFile[] => {
    const directory = service.definition.loadAtBoot ? places.systemd.lasting : places.systemd.passing;
    return describeUnits(service, { directory, environment, isSystem });
  };
  /** Waits until it does: where it cannot, that is known. */
  const listen = async (service: ManagedService): Promise<void> => {
    if (service.endpoints.length > 0) await systemctl(['start', socketUnit(service.label)]);
  };
  const launch = async ({ label }: ManagedService): Promise<void> => void (await systemctl(['start', '--no-block', serviceUnit(label)]));
  return {
    kind: 'systemd',
    probe: async () => void (await systemctl(['show', '--property=Version'])),
    describe,
    async load(service) {
      const { loadAtBoot, runAtLoad } = service.definition;
      const atLoad = [...socketsOf(service), ...(runAtLoad ? [serviceUnit(service.label)] : [])];
      await systemctl(['daemon-reload']);
      if (loadAtBoot && atLoad.length > 0) await systemctl(['enable', ...atLoad]);
      await listen(service);
      if (runAtLoad) await launch(service);
    },
    isLoaded: (service) => Promise.resolve(describe(service).every(({ path }) => existsSync(path))),
    async unload(service) {
      if (service.definition.loadAtBoot) await systemctl(['disable', ...unitsOf(service)]);
      await systemctl(['stop', ...unitsOf(service)], [NOT_LOADED]);
    },
    forget: async () => void (await systemctl(['daemon-reload'])),
    async start(service) {
      // It counts starts, and would refuse after too many; whoever asks has a reason.
      await systemctl(['reset-failed', serviceUnit(service.label)], [1]);
      await listen(service);
      await launch(service);
    },
    stop: async ({ label }) => void (await systemctl(['stop', serviceUnit(label)], [NOT_LOADED])),
    async look({ label }) {
      const { stdout } = await systemctl(['show', `--property=${properties.join(',')}`, serviceUnit(label)]);
      return toState(stdout);
    },
  };
}

function socketsOf({ label, endpoints }: ManagedService): string[] {
  return endpoints.length === 0 ? [] : [socketUnit(label)];
}

function unitsOf(service: ManagedService): string[] {
  return [...socketsOf(service), serviceUnit(service.label)];
}

const properties = [
  ...['ActiveState', 'SubState', 'Result', 'MainPID', 'NRestarts'],
  ...['ExecMainCode', 'ExecMainStatus', 'ExecMainExitTimestampMonotonic'],
];

const states: Readonly<Record<string, ServiceStatus['state']>> = {
  active: 'running',
  reloading: 'running',
  activating: 'starting',
  deactivating: 'stopping',
  failed: 'failed',
};
/** Of ExecMainCode, as waitid(2) says it; 2 and 3 are signals. */
const EXITED = '1';

function toState(text: string): ManagedState {
  const found = new Map(text.split('\n').map((line): [string, string] => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]));
  const get = (key: string): string => found.get(key) ?? '';
  const number = (key: string): number => (/^\d{1,15}$/.test(get(key)) ? Number(get(key)) : 0);
  const pid = number('MainPID');
  const endedMs = number('ExecMainExitTimestampMonotonic') / 1_000;
  const status = number('ExecMainStatus');
  const why = get('ExecMainCode') === EXITED ? `exit code ${status}` : `signal ${status}`;
  const result = ['', 'success', 'exit-code', 'signal'].includes(get('Result')) ? '' : ` (${get('Result')})`;
  return {
    state: get('SubState') === 'auto-restart' ? 'waiting' : (states[get('ActiveState')] ?? 'idle'),
    ...(pid === 0 ? {} : { pid }),
    restarts: number('NRestarts'),
    ...(endedMs === 0
      ? {}
      : {
          lastEnd: {
            at: new Date(Date.now() - bootClockMs() + endedMs).toISOString(),
            why: `${why}${result}`,
            ...(get('ExecMainCode') === EXITED ? { exitCode: status } : {}),
          },
        }),
  };
}

/** The clock that systemd means: since the machine started, without the time it slept. */
function bootClockMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
