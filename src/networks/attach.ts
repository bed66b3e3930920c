/**
 * Puts containers into networks, and takes them out. An attachment is written down before anything is done and removed after all is
 * undone, so that what a kill leaves is found: an attachment whose container is gone. Whoever changes networks next undoes it.
 */
import type { Lease } from '#base/lease.js';
import { messageOf } from '#base/errors.js';
import { judgeProcess, referToProcess } from '#containers/containers.js';
import { listAllAttachments, listAttachments, removeAttachmentFile, writeAttachment } from './attachments.js';
import { addList, checkList, deleteList, readStatus, type ListCall } from './cni/list.js';
import { removePortChains } from './cni/rules.js';
import { hasDirectory, withLock } from './disk.js';
import { networkErrors } from './errors.js';
import { BRIDGE_PROVIDER, bridgeProvider, type FindProvider } from './provider.js';
import { formatPort, type NetworkWish } from './request.js';
import type { AttachmentRecord, NetworkPlace, NetworkRecord, PublishedPort } from './shapes.js';
import { findNetwork, readNetwork } from './store.js';
import { holdsHost, parseSubnet } from './subnet.js';

export interface ContainerToAttach {
  readonly id: string;
  readonly name?: string | undefined;
  /** PID 1 of the container, which stands in its network namespace. */
  readonly init: { readonly pid: number; readonly startTicks: string };
  /** The network namespace, as a path that stays valid. */
  readonly namespace: string;
}

export interface AttachRequest {
  readonly container: ContainerToAttach;
  readonly wishes: readonly NetworkWish[];
  /** By the first of the networks. */
  readonly ports: readonly PublishedPort[];
  readonly findProvider: FindProvider;
  readonly warn: (line: string) => void;
}

/** All of them or none: where one fails the others are undone, and it throws. */
export async function attach(place: NetworkPlace, request: AttachRequest): Promise<AttachmentRecord[]> {
  return withLock(place, async (lease) => {
    await releaseStaleLocked(place, request.warn);
    const done: AttachmentRecord[] = [];
    try {
      for (const [index, wish] of request.wishes.entries())
        done.push(await attachOne(place, { ...request, wish, ports: index === 0 ? request.ports : [] }, lease));
      return done;
    } catch (thrown) {
      for (const record of done.toReversed()) await quietly(detachOne(place, record, request.container.namespace), request.warn);
      throw thrown;
    }
  });
}

type OneRequest = AttachRequest & { readonly wish: NetworkWish };

async function attachOne(place: NetworkPlace, request: OneRequest, lease: Lease): Promise<AttachmentRecord> {
  const { container, wish, ports, findProvider, warn } = request;
  const network = await readNetwork(place, wish.name);
  const others = await listAllAttachments(place);
  if (others.some((other) => other.network === network.name && other.container === container.id))
    throw networkErrors.attachedAlready(network.name, container.name ?? container.id);
  refusePorts(ports, others);
  refuseAddress(network, wish);
  const owner = referToProcess(container.init.pid);
  if (owner?.startTicks !== container.init.startTicks) throw networkErrors.containerGone(container.name ?? container.id);
  const provider = await findProvider(network.plugin);
  const list = await provider.plan({ network, container, wish, ports });
  const record: AttachmentRecord = {
    version: 1,
    network: network.name,
    container: container.id,
    ...(container.name === undefined ? {} : { name: container.name }),
    owner,
    interface: nextInterface(others.filter((other) => other.container === container.id)),
    attachedAt: new Date().toISOString(),
    plugin: network.plugin,
    cni: { list: [...list], args: composeArgs(wish) },
    ports: [...ports],
  };
  lease.requireHeld();
  await writeAttachment(place, record);
  try {
    const call = toCall(place, record, container.namespace);
    const result = await addList(call);
    const whole = { ...record, cni: { list: [...list], args: call.args, result }, status: readStatus(result, call) };
    await writeAttachment(place, whole);
    const said = await provider.attached(network);
    if (said !== undefined) warn(said);
    return whole;
  } catch (thrown) {
    await quietly(detachOne(place, record, container.namespace), warn);
    throw thrown;
  }
}

export interface DetachRequest {
  readonly container: string;
  /** All that it is in where absent. */
  readonly network?: string | undefined;
  /** A path; empty where it is gone. */
  readonly namespace: string;
  readonly warn: (line: string) => void;
}

/** Answers with what it was taken out of. Idempotent. What cannot be undone now is said, and tried again by the next command. */
export async function detach(place: NetworkPlace, { container, network, namespace, warn }: DetachRequest): Promise<string[]> {
  if (!(await hasDirectory(place))) return [];
  return withLock(place, async () => {
    const own = (await listAllAttachments(place)).filter((one) => one.container === container && (network ?? one.network) === one.network);
    const done: string[] = [];
    for (const record of own.toReversed()) {
      if (await quietly(detachOne(place, record, namespace), warn)) done.push(record.network);
    }
    return done;
  });
}

/** Undoes attachments of containers that are gone. Takes no lock where there are none. Answers with their containers. */
export async function releaseStale(place: NetworkPlace, warn: (line: string) => void): Promise<string[]> {
  if (!(await hasDirectory(place)) || !(await listAllAttachments(place)).some(isStale)) return [];
  return withLock(place, () => releaseStaleLocked(place, warn));
}

async function releaseStaleLocked(place: NetworkPlace, warn: (line: string) => void): Promise<string[]> {
  const stale = (await listAllAttachments(place)).filter(isStale);
  const released: string[] = [];
  for (const record of stale) if (await quietly(detachOne(place, record, ''), warn)) released.push(record.container);
  return [...new Set(released)];
}

/** With its PID 1 a container's network namespace is gone. One of another pid namespace cannot be judged from here. */
export function isStale({ owner }: AttachmentRecord): boolean {
  return judgeProcess(owner) === 'dead';
}

/** Whether what was made is there still: undefined, or why not. */
export async function checkAttachment(place: NetworkPlace, record: AttachmentRecord): Promise<string | undefined> {
  const { cni, owner } = record;
  if (cni?.result === undefined) return 'it was never whole';
  try {
    await checkList(toCall(place, record, `/proc/${owner.pid}/ns/net`), cni.result);
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

/** Of one who holds the lock. */
async function detachOne(place: NetworkPlace, record: AttachmentRecord, namespace: string): Promise<void> {
  if (record.cni !== undefined) await deleteList(toCall(place, record, namespace), record.cni.result);
  await removeAttachmentFile(place, record);
  if (record.ports.length > 0 && !(await listAllAttachments(place)).some(({ ports }) => ports.length > 0)) await removePortChains();
  if (record.plugin !== BRIDGE_PROVIDER || (await listAttachments(place, record.network)).length > 0) return;
  const network = await findNetwork(place, record.network);
  if (network !== undefined) await bridgeProvider(place).emptied(network);
}

function toCall(place: NetworkPlace, record: AttachmentRecord, namespace: string): ListCall {
  const { network, container, cni } = record;
  return {
    ...{ network, containerId: container, namespace, interface: record.interface },
    ...{ args: cni?.args ?? '', list: cni?.list ?? [], directories: place.cni },
  };
}

async function quietly(work: Promise<void>, warn: (line: string) => void): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (thrown) {
    warn(`${messageOf(thrown)}; the next command about networks tries it again`);
    return false;
  }
}

function nextInterface(own: readonly AttachmentRecord[]): string {
  const taken = new Set(own.map((record) => record.interface));
  for (let number = 0; ; number += 1) if (!taken.has(`eth${number}`)) return `eth${number}`;
}

function composeArgs({ ip, mac }: NetworkWish): string {
  return ['IgnoreUnknown=1', ...(ip === undefined ? [] : [`IP=${ip}`]), ...(mac === undefined ? [] : [`MAC=${mac}`])].join(';');
}

function refuseAddress({ subnet, gateway, name }: NetworkRecord, { ip }: NetworkWish): void {
  if (ip === undefined || subnet === undefined) return;
  if (!holdsHost(parseSubnet(subnet), ip) || ip === gateway)
    throw networkErrors.optionInvalid(
      '--network',
      `${name},ip=${ip}`,
      `no container can have this address in ${subnet}${ip === gateway ? ': it is the gateway' : ''}`,
      'bulkhead network inspect',
    );
}

/** Two rules for one port: the packet filter would follow the older one, without a word. */
function refusePorts(ports: readonly PublishedPort[], others: readonly AttachmentRecord[]): void {
  for (const port of ports) {
    const other = others.find((one) => one.ports.some((taken) => clash(taken, port)));
    if (other !== undefined) throw networkErrors.portTaken(formatPort(port), other.name ?? other.container);
  }
}

function clash(one: PublishedPort, other: PublishedPort): boolean {
  const everywhere = [one, other].some(({ hostAddress }) => hostAddress === undefined || ['0.0.0.0', '::'].includes(hostAddress));
  return one.hostPort === other.hostPort && one.protocol === other.protocol && (everywhere || one.hostAddress === other.hostAddress);
}
