/**
 * The guest: what runs in a plugin's thread or process, around the plugin.
 *
 *   host ─ piscina task ─▶ runSession            one long task per compartment; ends when the host closes the call port
 *        ─ process ──────▶ runProcess            the same in a process of its own
 *           call port ───▶ open, describe, callbacks
 *           power port ◀── openHostFacet           the powers of one call
 *
 * It runs in the start realm, with comlink and SES; the plugin's script runs in a compartment that has neither.
 */
import './lockdown.js';
import { askedPowerNames, callbackNames, type CallbackName } from '@bulkhead/plugin-sdk/contract';
import { threadId, type MessagePort } from 'node:worker_threads';
import {
  describeThrown,
  FaultError,
  FRAME_BYTES_MAX,
  openClient,
  openStreamPorts,
  overrunMethod,
  serve,
  type ByteStream,
  type CallArgument,
  type Codec,
  type Method,
  type Port,
  type SessionStart,
  type SessionTask,
} from '#wire/wire.js';
import { describePlugin } from './describe.js';
import { disarmRealm } from './disarm.js';
import { makeEndowments } from './endowments/endowments.js';
import { makeTimers } from './endowments/timers.js';
import { evaluatePlugin, readStack } from './evaluate.js';
import { limitPowers, openHostFacet, type AskPower, type HostFacet } from './host-facet.js';

type PluginRecord = Readonly<Record<string, unknown>>;

/** In a thread. Resolves when the host closes the call port. */
export function runSession(task: SessionTask<MessagePort>): Promise<void> {
  openSession(task);
  return new Promise((resolve) => task.callPort.on('close', resolve));
}

/** In a process of its own. The first message is what the session starts with; the process ends with the stream. */
export function runProcess(stream: ByteStream, codec: Codec): void {
  const { start, call, power } = openStreamPorts(stream, codec, FRAME_BYTES_MAX);
  const open = (message: unknown): void => {
    start.off('message', open);
    openSession({ ...(message as SessionStart), callPort: call, powerPort: power });
  };
  start.on('message', open);
}

function openSession(task: SessionTask<Port>): void {
  disarmRealm();
  const client = openClient(task.powerPort, [...askedPowerNames, overrunMethod], () => undefined);
  const askPower = limitPowers(client, task.limits);
  const plugin = openPlugin(task, askPower);
  const methods: Record<string, Method> = {
    open: () => {
      plugin.definition();
      return { threadId };
    },
    describe: () => describePlugin(plugin.definition()),
  };
  for (const name of callbackNames) methods[name] = (argument) => plugin.call(name, argument as CallArgument);
  // The only peer is the host; a message that it did not make in this form is not answered.
  serve(task.callPort, methods, () => undefined, { charactersMax: task.limits.messageCharacters, bytesIn: ['readImage'] });
}

/** The plugin of this compartment: evaluated once, at the first `open`; its variables live until the compartment ends. */
function openPlugin(task: SessionStart, askPower: AskPower) {
  let definition: PluginRecord | undefined;
  let current: HostFacet | undefined;
  const timers = makeTimers();
  const endowments = makeEndowments({ timers, writeLog: (level, message) => current?.writeLog(level, message) });

  return {
    definition(): PluginRecord {
      definition ??= evaluate(task, endowments);
      return definition;
    },
    async call(name: CallbackName, { callId, input }: CallArgument): Promise<unknown> {
      const run = findFunction(this.definition(), name, input);
      const facet = openHostFacet(callId, task, askPower);
      current = facet;
      timers.beginCall();
      try {
        const answer = await run(harden(input), facet.host);
        return name === 'readImage' ? copyBytes(answer) : answer;
      } catch (thrown) {
        throw new FaultError(describeThrown(thrown, 'PLUGIN_THREW', readStack));
      } finally {
        timers.endCall();
        await facet.close();
      }
    },
  };
}

/** Bytes of the plugin's, copied into a buffer that holds nothing else and can be moved. Whatever else it is, the contract judges. */
function copyBytes(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return answer;
  const { bytes, ...others } = { ...answer } as Record<string, unknown>;
  return { ...others, bytes: bytes instanceof Uint8Array ? new Uint8Array(bytes) : bytes };
}

function evaluate({ script, name }: SessionStart, endowments: object): PluginRecord {
  let definition: unknown;
  try {
    definition = evaluatePlugin(script, name, endowments);
  } catch (thrown) {
    throw new FaultError(describeThrown(thrown, 'PLUGIN_DOES_NOT_EVALUATE', readStack));
  }
  if (typeof definition !== 'object' || definition === null)
    throw fault('NOT_A_PLUGIN', 'the default export of the entry file is not definePlugin({ … })');
  return definition as PluginRecord;
}

type Run = (input: unknown, host: object) => unknown;

function findFunction(definition: PluginRecord, name: CallbackName, input: CallArgument['input']): Run {
  const found =
    name === 'command' ? member(member(definition['commands'], String(input['name'])), 'run') : member(definition['callbacks'], name);
  if (typeof found !== 'function')
    throw fault('NO_SUCH_CALLBACK', name === 'command' ? `has no command "${String(input['name'])}"` : `has no callback ${name}`);
  return found as Run;
}

/** Own members only: a name such as `constructor` finds nothing. */
function member(record: unknown, key: string): unknown {
  return typeof record === 'object' && record !== null && Object.hasOwn(record, key) ? (record as PluginRecord)[key] : undefined;
}

function fault(code: string, message: string): FaultError {
  return new FaultError({ code, name: 'Error', message });
}
