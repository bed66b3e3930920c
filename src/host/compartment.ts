import { randomUUID } from 'node:crypto';
import { callbackNames, type Adapter, type CallbackName } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import type { BulkheadError } from '#base/errors.js';
import { startPausableTimer, type PausableTimer } from '#base/pause.js';
import { findNotPlain, openClient, openMeter, overrunMethod, serve, type Ask, type Meter, type Port, type Reply } from '#wire/wire.js';
import { adaptAnswer, adaptQuestion, checkAnswer } from './adapt.js';
import { guestLimitsOf } from './budgets.js';
import { hostErrors } from './errors.js';
import type { CallInFlight, PowerContext } from './powers/power-context.js';
import { makePowerMethods } from './powers/powers.js';
import { openSpending } from './spending.js';
import { startVessel } from './start-vessel.js';
import type { Isolation, Vessel } from './vessel.js';
import { openWatchdog, type Watchdog } from './watchdog.js';

export interface CompartmentOptions {
  readonly script: string;
  /** What `host.configuration` is; empty where absent. */
  readonly configuration?: object | undefined;
  readonly isolation: Isolation;
  /** Finds the place in the author's source that a stack names. */
  readonly locate?: ((stack: string | undefined) => string | undefined) | undefined;
  /** The granted variables of the environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly powers: PowerContext;
  /** For a plugin that was built against an older major of the contract. */
  readonly adapter?: Adapter | undefined;
  /** Told once when the compartment ended by a fault of the plugin, not by `close`. */
  readonly onLost?: ((why: BulkheadError) => void) | undefined;
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
export function startCompartment({
  script,
  configuration = {},
  isolation,
  env,
  powers: context,
  adapter,
  locate,
  onLost,
}: CompartmentOptions): Compartment {
  const { plugin: name, budgets } = context;
  const { 'open-ms': openDeadlineMs, 'ready-ms': readyDeadlineMs } = budgets;
  const spending = openSpending(context, (budget) => line.end(() => hostErrors.overspent(name, budget, budgets[budget])));
  const { powers } = spending;
  let call: CallInFlight | undefined;
  let opened: Promise<void> | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const meter = openMeter({
    limits: {
      messagesPerSecond: budgets['messages-per-second'],
      inFlight: budgets['messages-in-flight'],
      strayReplies: budgets['stray-replies'],
    },
    onFlood: (why) => line.end(() => hostErrors.flooded(name, why)),
    makeId: randomUUID,
    now: () => performance.now(),
  });
  const starting = startVessel(isolation, { name, script, env, configuration, limits: guestLimitsOf(budgets) }, budgets);
  const line = openLine({ powers, starting, meter, onLost }, (port, violate) => {
    const methods = makePowerMethods(powers, (id) => (call?.callId === id ? call : undefined));
    const served = { ...methods, [overrunMethod]: (argument: unknown) => spending.takeOverrun(argument) };
    serve(port, served, violate, { charactersMax: budgets['message-characters'] });
  });

  async function ask(method: Method, argument: unknown, deadlineMs: number): Promise<unknown> {
    const startedAtMs = performance.now();
    spending.beginCall();
    const reply = await line.ask(method, argument, deadlineMs).finally(() => spending.endCall());
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
    async call(callback, question, deadlineMs) {
      const input = adaptQuestion(name, callback, question, adapter);
      const notPlain = findNotPlain(input, budgets['message-characters']);
      if (notPlain !== undefined) throw hostErrors.questionTooLarge(name, callback, notPlain);
      await open();
      return inTurn(async () => {
        const over = new AbortController();
        const mine: CallInFlight = { callId: randomUUID(), callback, over: over.signal };
        call = mine;
        try {
          const answer = await ask(callback, { callId: mine.callId, input }, deadlineMs);
          return checkAnswer(name, callback, adaptAnswer(name, callback, answer, adapter));
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
  /** Ends the compartment for what the plugin did. */
  end(why: (method: Method) => BulkheadError): void;
  close(): Promise<void>;
}

interface LineOptions {
  readonly powers: PowerContext;
  readonly starting: Promise<Vessel>;
  readonly meter: Meter;
  readonly onLost: CompartmentOptions['onLost'];
}

/**
 * The line to a vessel. A question settles by the first of: the answer, the deadline, the end of the vessel, a message that
 * may not cross; comlink alone would wait for ever. After any but the answer the vessel is ended.
 */
function openLine(
  { powers: { plugin: name, budgets, log }, starting, meter, onLost }: LineOptions,
  servePowers: (port: Port, violate: (why: string) => void) => void,
): Line {
  let over: ((method: Method) => BulkheadError) | undefined;
  let rejectCurrent: (() => void) | undefined;
  let current: Method | undefined;
  const end = (why: NonNullable<typeof over>, isLost = true): void => {
    if (over !== undefined) return;
    over = why;
    if (isLost) onLost?.(why(current ?? 'open'));
    if (meter.strayReplies > 0) log.write('debug', `${name}: ${meter.strayReplies} replies that nobody waited for were dropped`);
    rejectCurrent?.();
    terminate().catch(() => undefined);
  };

  const started = starting.then((vessel) => {
    const violate = (why: string): void => end(() => hostErrors.borderViolated(name, why));
    servePowers(meter.calls(vessel.powerPort), violate);
    void vessel.ended.then((why) => end((method) => hostErrors.compartmentEnded(name, method, why)));
    return {
      ask: openClient(meter.answers(vessel.callPort), methodNames, violate, {
        charactersMax: budgets['message-characters'],
        bytes: 'bytes',
      }),
      vessel,
      watchdog: watch(vessel),
    };
  });
  // Whoever asks gets the rejection; a vessel that nobody asks must not end the process.
  started.catch(() => undefined);

  function watch({ activeMs }: Vessel): Watchdog {
    const onBurning = (): void => {
      const error = hostErrors.overspent(name, 'idle-cpu-percent', budgets['idle-cpu-percent']);
      // Nobody waits for an answer who could be told.
      log.write('warning', error.message);
      end(() => error);
    };
    return openWatchdog({ activeMs, percentMax: budgets['idle-cpu-percent'], windowMs: budgets['idle-cpu-window-ms'], onBurning });
  }
  function settle(ask: Ask<Method>, method: Method, argument: unknown, deadlineMs: number): Promise<Reply> {
    let timer: PausableTimer | undefined;
    // A question that waits behind this one is told that the compartment ended, and why.
    const deadlineMissed = (asked: Method): BulkheadError =>
      asked === method
        ? hostErrors.deadlineMissed(name, method, deadlineMs)
        : hostErrors.compartmentEnded(name, asked, `${method} missed its deadline`);
    const settled = new Promise<Reply>((resolve, reject) => {
      rejectCurrent = () => reject(over?.(method) ?? hostErrors.compartmentEnded(name, method, 'it was closed'));
      if (over !== undefined) return rejectCurrent();
      timer = startPausableTimer(deadlineMs, () => end(deadlineMissed));
      ask(method, argument).then(resolve, reject);
    });
    return settled.finally(() => timer?.clear());
  }
  async function terminate(): Promise<void> {
    const { vessel, watchdog } = await started;
    watchdog.stop();
    await vessel.terminate();
  }
  async function close(): Promise<void> {
    end((method) => hostErrors.compartmentEnded(name, method, 'it was closed'), false);
    await terminate();
  }

  return {
    async ask(method, argument, deadlineMs) {
      const { ask, watchdog } = await started;
      watchdog.stop();
      current = method;
      try {
        const reply = await settle(ask, method, argument, deadlineMs);
        watchdog.start();
        return reply;
      } catch (error) {
        await close();
        throw error;
      } finally {
        rejectCurrent = undefined;
        current = undefined;
      }
    },
    describe: async (threadId) => (await started).vessel.describe(threadId),
    end,
    isOver: () => over !== undefined,
    close: () => close().catch(() => undefined),
  };
}
