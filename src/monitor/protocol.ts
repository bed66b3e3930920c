/**
 * What the processes of a container in the background ask of each other, as tables of calls (channel.ts):
 *
 *      bulkhead run --detach  ── begin ──────────▶  monitor  ── begin, openImage, configure, …  ─▶  plugin host
 *                             ◀─ request, say,  ──           ◀─ request, run, stop, say, done  ───
 *                                running, ended
 *
 * The moments of the engine cross as calls of the same names. What a plugin answered has passed the contract's schema when it came
 * out of its compartment, and passes it here again.
 */
import { callbacks, containerConfig, container, containerEvent, flagValues, runtimePlan } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import type { RunOptions, RunRequest } from '#engine/engine.js';
import type { AskNetwork, NetworkPlace } from '#networks/networks.js';
import { faultSchema } from './channel.js';

const nothing = v.undefined();
const text = v.pipe(v.string(), v.maxLength(65_536));
const words = v.array(v.string());
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const id = v.pipe(v.string(), v.regex(/^[a-z0-9]{12}$/));

/** Made by the parent process out of its own types, and on its way to a child of the same build: there is nothing to find out. */
function own<Value extends object>(): v.GenericSchema<Value> {
  return v.custom<Value>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
}

/** What of `RunOptions` is plain data; the rest belongs to the process that runs the container. */
export type PlainRunOptions = Omit<RunOptions, 'signal' | 'log' | 'warn' | 'streams' | 'id'>;

const signalName = v.pipe(v.string(), v.regex(/^SIG[A-Z0-9+]{1,12}$/));

const runResult = v.strictObject({
  exitCode: v.pipe(count, v.maxValue(255)),
  signal: v.optional(v.custom<NodeJS.Signals>((value) => v.is(signalName, value))),
  runMs: v.pipe(v.number(), v.minValue(0)),
});

/** A built-in command as it was typed, without what only the process knows that has parsed it. */
const plainInvocation = v.strictObject({
  command: v.string(),
  args: words,
  commandFlags: flagValues,
  added: v.record(v.string(), v.strictObject({ values: flagValues, isGiven: v.boolean() })),
});

/** What the plugin host needs to know to be the command line's other half. */
const pluginHostBegin = v.strictObject({
  invocation: plainInvocation,
  pluginDirectories: words,
  builtinFlags: v.record(v.string(), words),
  isDebug: v.boolean(),
});
export type PluginHostBegin = v.InferOutput<typeof pluginHostBegin>;

const said = v.strictObject({ level: v.picklist(['debug', 'info', 'warning', 'error', 'fatal']), message: text });

/** How a container ended, or why it never ran. */
const outcome = v.strictObject({
  result: v.optional(runResult),
  fault: v.optional(faultSchema),
  /** Whether the command ran, and everybody who takes part in its start was content. */
  hasBegun: v.boolean(),
  /** The last that it said on standard error, where it has not. */
  said: v.optional(text),
});
export type Outcome = v.InferOutput<typeof outcome>;

const flagsChanged = v.strictObject({ changed: flagValues });

/** Of the process that starts a container, by its monitor. */
export const callerCalls = {
  /** The request, with these flags in place of what was typed. */
  request: { input: flagsChanged, output: own<RunRequest>() },
  say: { input: said, output: nothing },
  print: { input: v.strictObject({ text }), output: nothing },
  running: { input: nothing, output: nothing },
  ended: { input: outcome, output: nothing },
};

const beginning = v.strictObject({
  id,
  /** The directory of the container, and the one that holds it. */
  directory: v.string(),
  root: v.string(),
  /** Without plugins, the request. */
  request: v.optional(own<RunRequest>()),
  options: own<PlainRunOptions>(),
  /** Where networks are, and what the container is called there. */
  networks: own<NetworkPlace & { readonly name: string | undefined }>(),
  plugins: v.optional(pluginHostBegin),
  /** Whether the container goes where its command never ran. */
  isNew: v.boolean(),
  /** Whether it reads what is typed by those who attach. */
  interactive: v.boolean(),
  autoRemove: v.boolean(),
  isDebug: v.boolean(),
});
export type Beginning = v.InferOutput<typeof beginning>;

/** Of a monitor, by the process that has started it. */
export const monitorCalls = {
  begin: { input: beginning, output: nothing },
  /** There is no more to be read. */
  endInput: { input: nothing, output: nothing },
};

export const momentNames = [
  'openImage',
  'mountImage',
  'configure',
  'mapUsers',
  'planRuntime',
  'askNetwork',
  'started',
  'controller',
  'observe',
] as const;
export type MomentName = (typeof momentNames)[number];

/** What no moment of the engine is: plugins that stand behind networks are asked by who attaches the container. */
export interface NetworkMoments {
  askNetwork?: AskNetwork | undefined;
}

/** Of a monitor, by its plugin host. */
export const monitorCallsOfHost = {
  /** Answers with what the user called the image, and the runtime. */
  request: { input: flagsChanged, output: v.strictObject({ image: v.string(), runtime: v.optional(v.string()) }) },
  /** Runs the container to its end. `needed`: the plugins without which it may not go on. */
  run: { input: v.strictObject({ moments: v.array(v.picklist(momentNames)), needed: words }), output: runResult },
  /** A plugin that is needed has failed. */
  stop: { input: v.strictObject({ fault: faultSchema }), output: nothing },
  say: callerCalls.say,
  print: callerCalls.print,
  /** All that plugins had to do is done. */
  done: { input: v.strictObject({ result: v.optional(runResult), fault: v.optional(faultSchema) }), output: nothing },
};

const imageAnswer = callbacks.registerImageDriver.output;
const limits = v.strictObject({ streamBytes: v.optional(count), unpackedBytes: v.optional(count), entries: v.optional(count) });
const processRef = v.strictObject({ pid: count, startTicks: v.pipe(v.string(), v.regex(/^\d{1,20}$/)) });

/** Of a plugin host, by its monitor. */
export const hostCalls = {
  begin: { input: pluginHostBegin, output: nothing },
  openImage: {
    input: v.strictObject({ scheme: v.string(), reference: v.string() }),
    /** Of a stream, `handle` is the number by which its parts are asked for. */
    output: v.optional(v.strictObject({ answer: imageAnswer, limits: v.optional(limits) })),
  },
  /** The next part of a stream, when the one before it was taken; nothing after the last. */
  readPart: {
    input: v.strictObject({ handle: v.string() }),
    output: v.optional(v.custom<Uint8Array>((value) => value instanceof Uint8Array)),
  },
  mountImage: { input: callbacks.mountImage.input, output: v.optional(callbacks.mountImage.output) },
  /** The engine's own draft, which it has yet to judge. Answers with nothing where nobody changed it. */
  configure: { input: own<v.InferOutput<typeof containerConfig>>(), output: v.optional(containerConfig) },
  mapUsers: { input: callbacks.userMapping.input, output: callbacks.userMapping.output },
  /** Where the plugin has refused it throws; `like` may be the path by which the plugin knows its program. */
  planRuntime: {
    input: callbacks.runtime.input,
    output: v.strictObject({ ...runtimePlan.entries, like: v.optional(v.string()) }),
  },
  askNetwork: { input: callbacks.network.input, output: callbacks.network.output },
  reach: { input: v.strictObject({ id, init: processRef, command: processRef, ancestor: processRef }), output: nothing },
  started: { input: v.strictObject({ container }), output: nothing },
  decide: { input: v.strictObject({ container, event: containerEvent }), output: callbacks.monitorContainer.output },
  controllerLost: { input: v.strictObject({ fault: faultSchema }), output: nothing },
  observe: { input: v.strictObject({ container, event: containerEvent }), output: nothing },
};
