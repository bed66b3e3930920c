/**
 * What commands and the daemon say to each other: lines of JSON over the daemon's socket, each checked by a schema on arrival. The
 * daemon begins, with who it is; so a command knows with whom it speaks before it asks for anything.
 *
 *      ◀─ hello      { id, call, input } ─▶      ◀─ { id, answer }   or   { id, fault }
 */
import * as v from 'valibot';
import { serviceTypes } from '#catalog/catalog.js';
import { serviceDefinition } from './definition.js';
import { lastEnd, phases } from './keeper/state.js';
import { processReference } from './processes.js';

/** Of these messages. A daemon of another version of bulkhead may be told from its hello, which stays as it is, and be ended. */
export const PROTOCOL = 1;

const path = v.pipe(v.string(), v.maxLength(4096));
const text = v.pipe(v.string(), v.maxLength(16_384));
const time = v.pipe(v.string(), v.isoTimestamp());
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const label = v.pipe(v.string(), v.maxLength(256));

export const hello = v.strictObject({
  bulkhead: v.literal('services'),
  protocol: v.pipe(v.number(), v.safeInteger()),
  version: v.pipe(v.string(), v.maxLength(64)),
  process: processReference,
  startedAt: time,
  places: v.strictObject({ kept: path, run: path, pluginState: path }),
});
export type Hello = v.InferOutput<typeof hello>;

const endpoint = v.strictObject({ type: v.picklist(serviceTypes), path });

export const serviceStatus = v.strictObject({
  label,
  name: text,
  instance: v.optional(text),
  types: v.array(v.picklist(serviceTypes)),
  endpoints: v.array(endpoint),
  loadAtBoot: v.boolean(),
  runAtLoad: v.boolean(),
  /** `idle`: registered, and starts with its first connection; `failed`: given up, which only managers of the system do. */
  state: v.picklist(['idle', ...phases, 'failed']),
  /** Of its program. */
  pid: v.optional(count),
  startedAt: v.optional(time),
  restarts: count,
  failuresInARow: count,
  lastEnd: v.optional(lastEnd),
  nextTryAt: v.optional(time),
});
export type ServiceStatus = v.InferOutput<typeof serviceStatus>;

const registered = v.picklist(['registered', 'changed', 'unchanged']);
export type Registered = v.InferOutput<typeof registered>;

export const calls = {
  register: {
    input: v.strictObject({ definition: serviceDefinition }),
    output: v.strictObject({ outcome: registered, endpoints: v.array(endpoint) }),
  },
  deregister: { input: v.strictObject({ label }), output: v.strictObject({ wasThere: v.boolean() }) },
  start: { input: v.strictObject({ label }), output: v.strictObject({}) },
  /** Answers when the service runs. Rejects with SERVICE_FAILED when a start of it fails, or has failed and is not due again. */
  awaitReady: { input: v.strictObject({ label }), output: v.strictObject({}) },
  /** Ends its program; it stays registered. */
  stop: { input: v.strictObject({ label }), output: v.strictObject({}) },
  status: { input: v.strictObject({}), output: v.strictObject({ services: v.array(serviceStatus), adopted: v.array(label) }) },
  /** Ends all services and the daemon; answers when the services are gone. */
  shutDown: { input: v.strictObject({}), output: v.strictObject({ stopped: v.array(label) }) },
} as const;
export type CallName = keyof typeof calls;
export type CallInput<Name extends CallName> = v.InferOutput<(typeof calls)[Name]['input']>;
export type CallOutput<Name extends CallName> = v.InferOutput<(typeof calls)[Name]['output']>;

const id = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
export const question = v.strictObject({ id, call: v.pipe(v.string(), v.maxLength(64)), input: v.unknown() });
export const reply = v.union([
  v.strictObject({ id, answer: v.unknown() }),
  v.strictObject({
    id,
    fault: v.strictObject({
      kind: v.picklist(['user', 'plugin', 'bug']),
      code: v.pipe(v.string(), v.maxLength(128)),
      message: text,
      hint: v.optional(text),
      data: v.record(v.string(), v.unknown()),
    }),
  }),
]);
