/**
 * Puts containers into networks, and takes them out. An attachment is written down before anything is done and removed after all is
 * undone, so that what a kill leaves is found: an attachment whose container is gone. Whoever changes networks next undoes it.
 */
import type { Lease } from '#base/lease.js';
import * as v from 'valibot';
import { messageOf } from '#base/errors.js';
import { judgeProcess, referToProcess } from '#containers/containers.js';
import { listAllAttachments, listAttachments, removeAttachmentFile, writeAttachment } from './attachments.js';
import { bridgeName, removeBridge } from './cni/bridge.js';
import { addList, checkList, deleteList, readStatus, type ListCall } from './cni/list.js';
import { ensureRules, removePortChains, removeRules } from './cni/rules.js';
import { hasDirectory, withLock } from './disk.js';
import { networkErrors } from './errors.js';
import type { FindProvider, NetworkProvider } from './provider.js';
import { formatPort, type NetworkWish } from './request.js';
import type { AttachmentRecord, AttachmentStatus, CniConfig, NetworkPlace, NetworkRecord, PublishedPort } from './shapes.js';
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
  const { container, warn } = request;
  const plans: Plan[] = [];
  try {
    for (const [index, wish] of request.wishes.entries())
      plans.push(await plan(place, { ...request, wish, ports: index === 0 ? request.ports : [] }));
    return await withLock(place, async (lease) => {
      await releaseStaleLocked(place, warn);
      const done: AttachmentRecord[] = [];
      try {
        for (const one of plans) done.push(await attachOne(place, { ...one, container, warn }, lease));
        return done;
      } catch (thrown) {
        for (const record of done.toReversed()) await quietly(detachOne(place, record, container.namespace), warn);
        throw thrown;
      }
    });
  } catch (thrown) {
    for (const { provider, network } of plans.toReversed()) await saying(provider.detached(network, memberOf(container)), warn);
    throw thrown;
  }
}

interface Plan {
  readonly network: NetworkRecord;
  readonly provider: NetworkProvider;
  readonly wish: NetworkWish;
  readonly ports: readonly PublishedPort[];
  readonly list: readonly CniConfig[];
}

/** Nobody waits for a plugin that takes its time: the lock is not held yet. */
async function plan(place: NetworkPlace, request: Omit<AttachRequest, 'wishes'> & { readonly wish: NetworkWish }): Promise<Plan> {
  const { container, wish, ports, findProvider } = request;
  const network = await readNetwork(place, wish.name);
  refuseAddress(network, wish);
  const provider = await findProvider(network.plugin);
  return { network, provider, wish, ports, list: await provider.plan({ network, container: memberOf(container), wish, ports }) };
}

function memberOf({ id, name }: ContainerToAttach): { readonly id: string; readonly name?: string } {
  return { id, ...(name === undefined ? {} : { name }) };
}

type OneRequest = Plan & Pick<AttachRequest, 'container' | 'warn'>;

async function attachOne(place: NetworkPlace, request: OneRequest, lease: Lease): Promise<AttachmentRecord> {
  const { container, wish, ports, list, warn } = request;
  const network = await readNetwork(place, wish.name);
  // Removed in the meantime, and perhaps made again.
  if (network.createdAt !== request.network.createdAt) throw networkErrors.notFound(wish.name);
  const others = await listAllAttachments(place);
  if (others.some((other) => other.network === network.name && other.container === container.id))
    throw networkErrors.attachedAlready(network.name, container.name ?? container.id);
  refusePorts(ports, others);
  const owner = referToProcess(container.init.pid);
  if (owner?.startTicks !== container.init.startTicks) throw networkErrors.containerGone(container.name ?? container.id);
  const record: AttachmentRecord = {
    version: 1,
    network: network.name,
    container: container.id,
    ...(container.name === undefined ? {} : { name: container.name }),
    owner,
    interface: nextInterface(others.filter((other) => other.container === container.id)),
    attachedAt: new Date().toISOString(),
    plugin: network.plugin,
    cni: { list: [...list], args: composeArgs(wish, list) },
    ports: [...ports],
  };
  lease.requireHeld();
  await writeAttachment(place, record);
  try {
    const call = toCall(place, record, container.namespace);
    const result = await addList(call);
    const whole = { ...record, cni: { list: [...list], args: call.args, result }, status: readStatus(result, call) };
    await writeAttachment(place, whole);
    requireWished(whole.status, wish);
    refuseTwice(whole, others);
    const bridge = bridgeName(place, network.name);
    const said = list[0]?.['bridge'] === bridge ? await ensureRules(network, bridge) : undefined;
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
  readonly findProvider: FindProvider;
  readonly warn: (line: string) => void;
}

/** Answers with what it was taken out of. Idempotent. What cannot be undone now is said, and tried again by the next command. */
export async function detach(place: NetworkPlace, request: DetachRequest): Promise<AttachmentRecord[]> {
  const { container, network, namespace, findProvider, warn } = request;
  if (!(await hasDirectory(place))) return [];
  const done = await withLock(place, async () => {
    const own = (await listAllAttachments(place)).filter((one) => one.container === container && (network ?? one.network) === one.network);
    const undone: AttachmentRecord[] = [];
    for (const record of own.toReversed()) if (await quietly(detachOne(place, record, namespace), warn)) undone.push(record);
    return undone;
  });
  for (const record of done) await saying(tellDetached(place, record, findProvider), warn);
  return done;
}

async function tellDetached(
  place: NetworkPlace,
  { network: of, plugin, container: id, name }: AttachmentRecord,
  findProvider: FindProvider,
) {
  const network = await findNetwork(place, of);
  if (network === undefined) return;
  await (await findProvider(plugin)).detached(network, { id, ...(name === undefined ? {} : { name }) });
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
  if ((await listAttachments(place, record.network)).length === 0) await clearNetwork(place, record.network);
}

/** Nobody is in it: what stands as long as somebody is goes. Needs no more than its name, whatever has become of the rest. Idempotent. */
export async function clearNetwork(place: NetworkPlace, network: string): Promise<void> {
  const bridge = bridgeName(place, network);
  await removeRules(network, bridge);
  await removeBridge(bridge);
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

async function saying(work: Promise<void>, warn: (line: string) => void): Promise<void> {
  await work.catch((thrown: unknown) => warn(messageOf(thrown)));
}

function nextInterface(own: readonly AttachmentRecord[]): string {
  const taken = new Set(own.map((record) => record.interface));
  for (let number = 0; ; number += 1) if (!taken.has(`eth${number}`)) return `eth${number}`;
}

function composeArgs({ ip, mac }: NetworkWish, [first]: readonly CniConfig[]): string {
  // `static` would take it for a further address.
  const isAsked = ip !== undefined && v.is(v.looseObject({ type: v.literal('host-local') }), first?.['ipam']);
  return ['IgnoreUnknown=1', ...(isAsked ? [`IP=${ip}`] : []), ...(mac === undefined ? [] : [`MAC=${mac}`])].join(';');
}

/** A plugin may not care for what was asked for; a container that counts on it must not run then. */
function requireWished({ addresses, mac }: AttachmentStatus, wish: NetworkWish): void {
  const missed = [
    ...(wish.ip === undefined || addresses.some((one) => one.split('/')[0] === wish.ip) ? [] : [`ip=${wish.ip}`]),
    ...(wish.mac === undefined || mac?.toLowerCase() === wish.mac.toLowerCase() ? [] : [`mac=${wish.mac}`]),
  ];
  if (missed.length > 0) throw networkErrors.wishIgnored(wish.name, missed.join(', '));
}

/** Addresses that a plugin gives out itself. */
function refuseTwice({ network, status }: AttachmentRecord, others: readonly AttachmentRecord[]): void {
  for (const address of status?.addresses ?? []) {
    const other = others.find((one) => one.network === network && one.status?.addresses.includes(address));
    if (other !== undefined) throw networkErrors.addressTaken(network, address, other.name ?? other.container);
  }
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
