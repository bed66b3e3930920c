import { expose, wrap } from 'comlink';
import * as v from 'valibot';
import { describeThrown, reply, type Reply } from './fault.js';
import { gatePort, type Port } from './gate.js';
import { findNotPlain } from './plain-data.js';

/** Answers one call. May throw: that becomes a fault. */
export type Method = (argument: unknown) => unknown;
export type Methods<Name extends string> = Readonly<Record<Name, Method>>;
/** Asks the other side. Never rejects because of the peer: a failure there is a reply with `ok: false`. */
export type Ask<Name extends string> = (name: Name, argument: unknown) => Promise<Reply>;

const id = v.pipe(v.string(), v.minLength(1), v.maxLength(64));

/** comlink's call, reduced to: apply one method of the list to one plain argument. */
function callSchema(names: readonly string[]) {
  return v.strictObject({
    id,
    type: v.literal('APPLY'),
    path: v.strictTuple([v.picklist(names)]),
    argumentList: v.strictTuple([v.strictObject({ type: v.literal('RAW'), value: v.unknown() })]),
  });
}

/** comlink's answer, reduced to: a plain reply. Proxies and thrown values are other `type`s. */
const answerSchema = v.strictObject({ id, type: v.literal('RAW'), value: reply });

export interface ServeLimits {
  readonly charactersMax?: number | undefined;
  /** The methods whose answer may hold bytes, which are moved; see plain-data.ts. */
  readonly bytesIn?: readonly string[];
}

/**
 * Serves `methods` to whoever holds the other port.
 * This is the inverse of `openClient`.
 */
export function serve<Name extends string>(
  port: Port,
  methods: Methods<Name>,
  onViolation: (reason: string) => void,
  { charactersMax, bytesIn = [] }: ServeLimits = {},
): void {
  const names = Object.keys(methods) as Name[];
  const served: Record<string, (argument: unknown) => Promise<Reply>> = Object.create(null) as Record<string, never>;
  for (const name of names)
    served[name] = (argument) => answer(methods[name], argument, { charactersMax, bytes: bytesIn.includes(name) ? 'bytes' : 'no bytes' });
  const endpoint = gatePort(port, { receive: callSchema(names), send: answerSchema, charactersMax, onViolation });
  expose(served, { ...endpoint, postMessage: (message: unknown) => endpoint.postMessage(withoutHandler(message)) } as never);
}

const handlerMessage = v.object({ id, type: v.literal('HANDLER') });

/** Where an answer cannot be cloned, comlink sends a HANDLER message that rebuilds a thrown error; we send a reply that says so. */
function withoutHandler(message: unknown): unknown {
  const handler = v.safeParse(handlerMessage, message);
  if (!handler.success) return message;
  return { id: handler.output.id, type: 'RAW', value: notPlainReply('a function or a class instance') };
}

function notPlainReply(what: string): Reply {
  const message = `answered with a value that is not plain data, such as ${what}`;
  return { ok: false, fault: { code: 'NOT_PLAIN_DATA', name: 'TypeError', message } };
}

async function answer(
  method: Method,
  argument: unknown,
  { charactersMax, bytes }: { charactersMax: number | undefined; bytes: 'bytes' | 'no bytes' },
): Promise<Reply> {
  try {
    const value = await method(argument);
    // The other side would take it for an attack; here it is still a mistake that its author can be told of.
    const notPlain = findNotPlain(value, charactersMax, bytes);
    return notPlain === undefined ? { ok: true, value } : notPlainReply(notPlain);
  } catch (thrown) {
    return { ok: false, fault: faultOf(thrown) };
  }
}

/** Thrown by a method that has a fault to report rather than an error to describe. */
export class FaultError extends Error {
  constructor(readonly fault: (Reply & { ok: false })['fault']) {
    super(fault.message);
  }
}

function faultOf(thrown: unknown): (Reply & { ok: false })['fault'] {
  return thrown instanceof FaultError ? thrown.fault : describeThrown(thrown, 'INTERNAL');
}

/**
 * The other end of `serve`: a function that asks by name. comlink's proxy stays in here, where it is also kept alive: a
 * proxy that is collected while a call is pending loses the answer.
 */
export function openClient<Name extends string>(
  port: Port,
  names: readonly Name[],
  onViolation: (reason: string) => void,
  { charactersMax, bytes = 'no bytes' }: { charactersMax?: number | undefined; bytes?: 'bytes' | 'no bytes' } = {},
): Ask<Name> {
  const endpoint = gatePort(port, { receive: answerSchema, send: callSchema(names), charactersMax, bytes, onViolation });
  const remote = wrap<Record<string, (argument: unknown) => Reply>>(endpoint as never) as unknown as Record<
    string,
    (argument: unknown) => Promise<Reply>
  >;
  return (name, argument) => {
    const method = remote[name];
    if (method === undefined) throw new TypeError(`No method ${name}`);
    return method(argument);
  };
}
