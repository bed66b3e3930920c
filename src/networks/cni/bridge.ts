/** The built-in way: a bridge on the host, addresses of host-local, ports by portmap. Its bridge is that of every network that wants one. */
import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findTool } from '#base/programs.js';
import { networkErrors } from '../errors.js';
import type { CniConfig, NetworkPlace, NetworkRecord, PublishedPort } from '../shapes.js';
import { networkPath } from '../store.js';

const DEADLINE_MS = 10_000;
const [MTU_MIN, MTU_MAX] = [1280, 65_535];
/** What `--option` may say. */
const OPTIONS: Readonly<Record<string, (value: string) => string | undefined>> = {
  mtu: (value) => (isMtu(value) ? undefined : `must be ${MTU_MIN} to ${MTU_MAX}`),
  masquerade: (value) => (['true', 'false'].includes(value) ? undefined : 'must be true or false'),
};

function isMtu(value: string): boolean {
  return /^\d{4,5}$/.test(value) && Number(value) >= MTU_MIN && Number(value) <= MTU_MAX;
}

/** Throws NETWORK_OPTION_INVALID. */
export function checkBridgeOptions(options: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(options)) {
    const why = Object.hasOwn(OPTIONS, key)
      ? OPTIONS[key]?.(value)
      : `there is no such option; known are ${Object.keys(OPTIONS).join(', ')}`;
    if (why !== undefined) throw networkErrors.optionInvalid('--option', `${key}=${value}`, why, '--option mtu=1450');
  }
}

/** Of one network on this machine, also where several roots have one of the same name: at most 15 characters. */
export function bridgeName(place: NetworkPlace, network: string): string {
  return `bh-${createHash('sha256').update(`${place.directory}\0${network}`).digest('hex').slice(0, 10)}`;
}

export interface Wishes {
  readonly mtu?: number | undefined;
  readonly ports: readonly PublishedPort[];
}

/** The list for one container. Addresses that are in use are files below `ipam` in the network's directory. */
export function composeBridgeList(place: NetworkPlace, network: NetworkRecord, { mtu, ports }: Wishes): CniConfig[] {
  const { name, subnet, gateway, internal, options } = network;
  const chosenMtu = mtu ?? (options['mtu'] === undefined ? undefined : Number(options['mtu']));
  const bridge = {
    type: 'bridge',
    bridge: bridgeName(place, name),
    // The host itself is in no internal network.
    isGateway: !internal,
    hairpinMode: true,
    ...(chosenMtu === undefined ? {} : { mtu: chosenMtu }),
    ipam: {
      type: 'host-local',
      dataDir: join(networkPath(place, name), 'ipam'),
      ranges: [[{ subnet, gateway }]],
      ...(internal ? {} : { routes: [{ dst: '0.0.0.0/0' }] }),
    },
  };
  return ports.length === 0 ? [bridge] : [bridge, composePortmap(ports)];
}

export function composePortmap(ports: readonly PublishedPort[], snat = true): CniConfig {
  const portMappings = ports.map(({ hostAddress, hostPort, containerPort, protocol }) => ({
    ...(hostAddress === undefined ? {} : { hostIP: hostAddress }),
    ...{ hostPort, containerPort, protocol },
  }));
  return { type: 'portmap', snat, capabilities: { portMappings: true }, runtimeConfig: { portMappings } };
}

/** Where nobody is in it: an interface of the host's that nothing needs. Idempotent. */
export async function removeBridge(bridge: string): Promise<void> {
  const directory = `/sys/class/net/${bridge}`;
  const ip = await findTool('ip');
  if (ip === undefined || isBusy(directory)) return;
  await new Promise<void>((resolve) => {
    execFile(ip, ['link', 'delete', 'dev', bridge, 'type', 'bridge'], { timeout: DEADLINE_MS, env: {} }, () => resolve());
  });
}

/** Somebody else has put an interface into it. */
function isBusy(directory: string): boolean {
  return existsSync(join(directory, 'brif')) && readdirSync(join(directory, 'brif')).length > 0;
}
