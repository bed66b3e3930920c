/**
 * Calls between two processes of Bulkhead, over the channel that Node gives a child. Each side has a table of what it can be asked;
 * what comes in passes a schema on either side, whoever sent it. Parts of streams are bytes: the channel clones, it writes no JSON.
 *
 *      { id, call, input } ─▶            ◀─ { id, answer }   or   { id, fault }
 */
import type { ChildProcess } from 'node:child_process';
import * as v from 'valibot';
import { fromPlainError, toPlainError } from '#base/plain-error.js';
import { monitorErrors } from './errors.js';

/** What one side can be asked, by name. */
export type Calls = Readonly<Record<string, { readonly input: v.GenericSchema; readonly output: v.GenericSchema }>>;
type Input<C extends Calls, Name extends keyof C> = v.InferOutput<C[Name]['input']>;
type Output<C extends Calls, Name extends keyof C> = v.InferOutput<C[Name]['output']>;
/** One that answers with nothing may say nothing. */
type Reply<Value> = undefined extends Value ? Value | void : Value;
export type Handlers<C extends Calls> = {
  readonly [Name in keyof C]: (input: Input<C, Name>) => Reply<Output<C, Name>> | Promise<Reply<Output<C, Name>>>;
};

export interface Channel<Theirs extends Calls> {
  /** Rejects with what the other side threw, and where that is gone. */
  call<Name extends keyof Theirs & string>(name: Name, input: Input<Theirs, Name>): Promise<Output<Theirs, Name>>;
  /** Resolves when the other side is gone, or `close` was called. */
  readonly closed: Promise<void>;
  close(): void;
}

/** A way to the other process. `send` never throws. */
export interface Port {
  send(message: object): void;
  onMessage(take: (message: unknown) => void): void;
  onClose(tell: () => void): void;
  close(): void;
}

/** Of a child that was spawned with `stdio: […, 'ipc']` and `serialization: 'advanced'`. */
export function portToChild(child: ChildProcess): Port {
  return portOf(child);
}

/** Of the process that has spawned this one so. */
export function portToParent(): Port {
  return portOf(process);
}

/** The channel of a child and that of this process are used alike. */
function portOf(end: NodeJS.Process | ChildProcess): Port {
  return {
    send: (message) => void (end.connected === true && end.send?.(message, undefined, {}, () => undefined)),
    onMessage: (take) => void (end as NodeJS.EventEmitter).on('message', take),
    onClose: (tell) => void (end as NodeJS.EventEmitter).on('disconnect', tell),
    close: () => void (end.connected === true && end.disconnect?.()),
  };
}

const id = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const fault = v.strictObject({
  kind: v.picklist(['user', 'plugin', 'bug']),
  code: v.pipe(v.string(), v.maxLength(128)),
  message: v.pipe(v.string(), v.maxLength(16_384)),
  hint: v.optional(v.pipe(v.string(), v.maxLength(16_384))),
  data: v.record(v.string(), v.unknown()),
});
export const faultSchema = fault;
const envelope = v.union([
  v.strictObject({ id, call: v.pipe(v.string(), v.maxLength(64)), input: v.unknown() }),
  v.strictObject({ id, fault }),
  v.strictObject({ id, answer: v.unknown() }),
]);

interface Pending {
  readonly output: v.GenericSchema;
  readonly name: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (why: unknown) => void;
}

export interface Sides<Ours extends Calls, Theirs extends Calls> {
  readonly ours: Ours;
  readonly handlers: Handlers<Ours>;
  readonly theirs: Theirs;
  /** Makes the error of calls that nobody will answer any more. */
  readonly lost: () => Error;
}

export function openChannel<Ours extends Calls, Theirs extends Calls>(
  port: Port,
  { ours, handlers, theirs, lost }: Sides<Ours, Theirs>,
): Channel<Theirs> {
  const pending = new Map<number, Pending>();
  let count = 0;
  let isClosed = false;
  let tellClosed = (): void => undefined;
  const closed = new Promise<void>((resolve) => (tellClosed = resolve));

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    port.close();
    for (const { reject } of pending.values()) reject(lost());
    pending.clear();
    tellClosed();
  }

  async function answer({ id: number, call, input }: { id: number; call: string; input?: unknown }): Promise<void> {
    try {
      const shape = Object.hasOwn(ours, call) ? ours[call] : undefined;
      if (shape === undefined) throw monitorErrors.messageInvalid(call, 'there is no such call');
      port.send({ id: number, answer: await handlers[call as keyof Ours](check(shape.input, input, call) as never) });
    } catch (thrown) {
      port.send({ id: number, fault: toPlainError(thrown) });
    }
  }

  port.onClose(close);
  port.onMessage((message) => {
    const parsed = v.safeParse(envelope, message);
    // Nobody of ours says such a thing: what follows could not be trusted either.
    if (!parsed.success) return close();
    const { output } = parsed;
    if ('call' in output) return void answer(output);
    const waiting = pending.get(output.id);
    pending.delete(output.id);
    if (waiting === undefined) return undefined;
    if ('fault' in output) return waiting.reject(fromPlainError(output.fault));
    try {
      waiting.resolve(check(waiting.output, output.answer, waiting.name));
    } catch (thrown) {
      waiting.reject(thrown);
    }
  });

  return {
    async call(name, input) {
      const shape = theirs[name];
      if (isClosed || shape === undefined) throw lost();
      const number = (count += 1);
      const answered = new Promise<unknown>((resolve, reject) => pending.set(number, { output: shape.output, name, resolve, reject }));
      port.send({ id: number, call: name, input });
      return (await answered) as Output<typeof theirs, typeof name>;
    },
    closed,
    close,
  };
}

function check(schema: v.GenericSchema, value: unknown, call: string): unknown {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw monitorErrors.messageInvalid(call, [v.getDotPath(issue), issue.message].filter((part) => part !== null).join(': '));
}
