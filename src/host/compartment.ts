import { randomUUID } from 'node:crypto';
import { callbackNames, callbacks, type CallbackName } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import type { BulkheadError } from '#base/errors.js';
import { openClient, serve, type Ask, type Reply } from '#wire/wire.js';
import { hostErrors } from './errors.js';
import type { CallInFlight, PowerContext } from './powers/power-context.js';
import { makePowerMethods } from './powers/powers.js';
import { startVessel } from './start-vessel.js';
import type { Isolation, Vessel } from './vessel.js';

/** Time to start a worker, lock it down and evaluate the script. */
const openDeadlineMs = 10_000;
/** For a sign of life of one that is open. */
const readyDeadlineMs = 5_000;

export interface CompartmentOptions {
  readonly script: string;
  readonly isolation: Isolation;
  /** Finds the place in the author's source that a stack names. */
  readonly locate?: ((stack: string | undefined) => string | undefined) | undefined;
  /** The granted variables of the environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly powers: PowerContext;
}

/** One plugin's sandbox: a thread or a process, its two ports, and one question at a time. */
export interface Compartment {
  /** Resolves once the plugin's script has been evaluated. */
  open(): Promise<void>;
  /** Resolves when it is open and answers; rejects with why it is not, or does not. */
  requireReady(): Promise<void>;
  /** The static part of the plugin, unchecked. */
  describe(): Promise<unknown>;
  /** Asks for a callback; the answer has passed the contract's schema. Ends the vessel when the deadline is missed. */
  call(name: CallbackName, input: object, deadlineMs: number): Promise<unknown>;
  /** Whether the vessel has ended or is about to; a new compartment must be started for the next call. */
  readonly isOver: boolean;
  close(): Promise<void>;
}

type Method = CallbackName | 'open' | 'describe';
const methodNames: readonly Method[] = ['open', 'describe', ...callbackNames];
const openAnswer = v.strictObject({ threadId: v.pipe(v.number(), v.safeInteger()) });

/** Starts the thread or process at once; `open`, `describe` and `call` wait for it. */
export function startCompartment({ script, isolation, env, powers, locate }: CompartmentOptions): Compartment {
  const name = powers.plugin;
  let call: CallInFlight | undefined;
  let opened: Promise<void> | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const line = openLine(name, startVessel(isolation, { name, script, env }), (vessel, violate) => {
    serve(
      vessel.powerPort,
      makePowerMethods(powers, (id) => (call?.callId === id ? call : undefined)),
      violate,
    );
  });

  async function ask(method: Method, argument: unknown, deadlineMs: number): Promise<unknown> {
    const startedAtMs = performance.now();
    const reply = await line.ask(method, argument, deadlineMs);
    powers.log.write('debug', `${name}: ${method} answered after ${Math.round(performance.now() - startedAtMs)} ms`);
    if (!reply.ok) throw hostErrors.faulted(name, method, reply.fault, locate?.(reply.fault.stack));
    return reply.value;
  }
  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const mine = turn.then(run);
    turn = mine.catch(() => undefined);
    return mine;
  }
  function open(): Promise<void> {
    return (opened ??= inTurn(async () => {
      const { threadId } = v.parse(openAnswer, await ask('open', null, openDeadlineMs));
      powers.log.write('debug', `${name}: runs in ${await line.describe(threadId)}`);
    }));
  }

  return {
    open,
    async requireReady() {
      await open();
      await inTurn(() => ask('open', null, readyDeadlineMs));
    },
    describe: () => inTurn(() => ask('describe', null, openDeadlineMs)),
    async call(callback, input, deadlineMs) {
      await open();
      return inTurn(async () => {
        const over = new AbortController();
        const mine: CallInFlight = { callId: randomUUID(), callback, over: over.signal };
        call = mine;
        try {
          return checkAnswer(name, callback, await ask(callback, { callId: mine.callId, input }, deadlineMs));
        } finally {
          over.abort();
          call = undefined;
        }
      });
    },
    get isOver() {
      return line.isOver();
    },
    close: () => line.close(),
  };
}

interface Line {
  describe(threadId: number): Promise<string>;
  ask(method: Method, argument: unknown, deadlineMs: number): Promise<Reply>;
  isOver(): boolean;
  close(): Promise<void>;
}

/**
 * The line to a vessel. A question settles by the first of: the answer, the deadline, the end of the vessel, a message that
 * may not cross; comlink alone would wait for ever. After any but the answer the vessel is ended.
 */
function openLine(name: string, starting: Promise<Vessel>, onStarted: (vessel: Vessel, violate: (why: string) => void) => void): Line {
  let over: ((method: Method) => BulkheadError) | undefined;
  let rejectCurrent: (() => void) | undefined;
  const end = (why: NonNullable<typeof over>): void => {
    if (over !== undefined) return;
    over = why;
    rejectCurrent?.();
    terminate().catch(() => undefined);
  };

  const started = starting.then((vessel) => {
    const violate = (why: string): void => end(() => hostErrors.borderViolated(name, why));
    onStarted(vessel, violate);
    void vessel.ended.then((why) => end((method) => hostErrors.compartmentEnded(name, method, why)));
    return { vessel, ask: openClient(vessel.callPort, methodNames, violate) };
  });
  // Whoever asks gets the rejection; a vessel that nobody asks must not end the process.
  started.catch(() => undefined);

  function settle(ask: Ask<Method>, method: Method, argument: unknown, deadlineMs: number): Promise<Reply> {
    let timer: NodeJS.Timeout | undefined;
    // A question that waits behind this one is told that the compartment ended, and why.
    const deadlineMissed = (asked: Method): BulkheadError =>
      asked === method
        ? hostErrors.deadlineMissed(name, method, deadlineMs)
        : hostErrors.compartmentEnded(name, asked, `${method} missed its deadline`);
    const settled = new Promise<Reply>((resolve, reject) => {
      rejectCurrent = () => reject(over?.(method) ?? hostErrors.compartmentEnded(name, method, 'it was closed'));
      if (over !== undefined) return rejectCurrent();
      timer = setTimeout(() => end(deadlineMissed), deadlineMs);
      ask(method, argument).then(resolve, reject);
    });
    return settled.finally(() => clearTimeout(timer));
  }
  async function terminate(): Promise<void> {
    const { vessel } = await started;
    await vessel.terminate();
  }
  async function close(): Promise<void> {
    end((method) => hostErrors.compartmentEnded(name, method, 'it was closed'));
    await terminate();
  }

  return {
    async ask(method, argument, deadlineMs) {
      const { ask } = await started;
      try {
        return await settle(ask, method, argument, deadlineMs);
      } catch (error) {
        await close();
        throw error;
      } finally {
        rejectCurrent = undefined;
      }
    },
    describe: async (threadId) => (await started).vessel.describe(threadId),
    isOver: () => over !== undefined,
    close: () => close().catch(() => undefined),
  };
}

function checkAnswer(plugin: string, name: CallbackName, answer: unknown): unknown {
  const checked = v.safeParse(callbacks[name].output as v.GenericSchema, answer, { abortEarly: true });
  if (checked.success) return checked.output;
  const issue = checked.issues[0];
  throw hostErrors.answerRefused(plugin, name, v.getDotPath(issue) ?? 'the answer', issue.message);
}
