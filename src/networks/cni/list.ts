/**
 * A CNI configuration list, run for one container:
 *
 *      ADD     first ─▶ … ─▶ last, each is given what the one before it answered
 *      CHECK   first ─▶ … ─▶ last, each is given what the last one answered to ADD
 *      DEL     last ─▶ … ─▶ first; may be repeated, also after an ADD that failed half-way, and when the namespace is gone
 */
import * as v from 'valibot';
import { networkErrors } from '../errors.js';
import { attachmentStatus, type AttachmentStatus, type CniConfig } from '../shapes.js';
import { runCni, type CniCall, type CniCommand, type CniResult } from './program.js';

export interface ListCall {
  readonly network: string;
  readonly containerId: string;
  /** A path; empty where it is gone. */
  readonly namespace: string;
  readonly interface: string;
  readonly args: string;
  readonly list: readonly CniConfig[];
  readonly directories: readonly string[];
}

/** The newest that Debian 12's plugins know; older ones say so. */
export const CNI_VERSION = '1.0.0';

/** With a network that has only IPv4, portmap takes the missing rules of IPv6 for a fault. */
const UNCHECKED: ReadonlySet<string> = new Set(['portmap']);

export async function addList(call: ListCall): Promise<CniResult> {
  let result: CniResult | undefined;
  for (const config of call.list) result = await runCni(toCall(call, config, { command: 'ADD', prevResult: result }));
  return result ?? {};
}

export async function checkList(call: ListCall, result: CniResult): Promise<void> {
  const prevResult = moveResult(result, call.namespace);
  for (const config of call.list) if (!UNCHECKED.has(config.type)) await runCni(toCall(call, config, { command: 'CHECK', prevResult }));
}

/** A namespace has several paths, and who checks may use another one than who made it. */
function moveResult(given: CniResult, namespace: string): CniResult {
  const { interfaces } = given;
  if (!Array.isArray(interfaces)) return given;
  return { ...given, interfaces: interfaces.map((one: { sandbox?: string }) => (one.sandbox ? { ...one, sandbox: namespace } : one)) };
}

/** All of them are tried; throws the first that failed. */
export async function deleteList(call: ListCall, result: CniResult | undefined): Promise<void> {
  const failures: unknown[] = [];
  for (const config of call.list.toReversed()) {
    await runCni(toCall(call, config, { command: 'DEL', prevResult: result })).catch((thrown: unknown) => failures.push(thrown));
  }
  if (failures.length > 0) throw failures[0];
}

function toCall(
  { network, list: _list, ...call }: ListCall,
  config: CniConfig,
  { command, prevResult }: { command: CniCommand; prevResult: CniResult | undefined },
): CniCall {
  const own = { cniVersion: CNI_VERSION, name: network };
  return { ...call, network, command, program: config.type, config: { ...config, ...own, ...(prevResult && { prevResult }) } };
}

const result = v.object({
  interfaces: v.optional(
    v.pipe(v.array(v.object({ name: v.string(), mac: v.optional(v.string()), sandbox: v.optional(v.string()) })), v.maxLength(64)),
    [],
  ),
  ips: v.optional(v.pipe(v.array(v.object({ address: v.string(), gateway: v.optional(v.string()) })), v.maxLength(16)), []),
});

/** What a result says of the container's interface. Throws CNI_FAILED where it is not what results are. */
export function readStatus(given: CniResult, call: Pick<ListCall, 'network' | 'interface' | 'list'>): AttachmentStatus {
  const program = call.list.at(-1)?.type ?? '';
  const fail = (why: string) => networkErrors.cniFailed(call.network, { program, command: 'ADD', why });
  const parsed = v.safeParse(result, given);
  if (!parsed.success) throw fail(`its result is not one: ${parsed.issues[0].message}`);
  const { interfaces, ips } = parsed.output;
  const own = interfaces.find(({ name, sandbox = '' }) => name === call.interface && sandbox !== '');
  const status = v.safeParse(attachmentStatus, {
    addresses: ips.map(({ address }) => address),
    gateway: ips.find(({ gateway }) => gateway !== undefined)?.gateway,
    mac: own?.mac,
  });
  if (!status.success) throw fail(`its result is not one: ${status.issues[0].message}`);
  return status.output;
}
