/**
 * What host and program say to each other: JSON-RPC 2.0, one message a line. docs/services-protocol.md tells authors, and the JSON
 * Schema beside it is written out of these schemas and the contract's.
 */
import * as v from 'valibot';
import { serviceTypes } from '#catalog/catalog.js';

/** Of these messages; the contract, which says what is asked, has a version of its own. */
export const PROTOCOL_VERSION = 1;

const integer = v.pipe(v.number(), v.safeInteger());
const word = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const version = v.pipe(
  v.string(),
  v.maxLength(64),
  v.regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/, 'must be a semantic version such as 1.0.0'),
);
const digest = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, 'must be "sha256:" and 64 hexadecimal digits'));
const versions = v.pipe(v.record(word, version), v.maxEntries(64));

/** The first question on each connection: who asks, what it offers, and whose instance this is. */
export const helloQuestion = v.strictObject({
  protocol: v.literal(PROTOCOL_VERSION),
  /** What the host offers: versions of the contract, of its callbacks and of its powers. */
  contract: v.strictObject({ version, digest, callbacks: versions, powers: versions }),
  plugin: v.pipe(v.string(), v.maxLength(128)),
  /** What the program is wanted as, on this connection. */
  type: v.picklist(serviceTypes),
  instance: v.optional(v.pipe(v.string(), v.maxLength(63))),
  /** The operator's section `[plugin.NAME]`, as it stands. */
  settings: v.pipe(v.record(v.pipe(v.string(), v.maxLength(256)), v.unknown()), v.maxEntries(4096)),
});
export type HelloQuestion = v.InferOutput<typeof helloQuestion>;

export const helloAnswer = v.strictObject({
  protocol: v.pipe(integer, v.minValue(1)),
  /** What the program was written against; the digest where it was generated out of the contract's schemas. */
  contract: v.strictObject({ version, callbacks: versions, digest: v.optional(digest) }),
});
export type HelloAnswer = v.InferOutput<typeof helloAnswer>;

const jsonrpc = v.literal('2.0');
/** A request without an id is a notification. */
const request = v.strictObject({
  jsonrpc,
  id: v.optional(v.union([v.pipe(v.string(), v.maxLength(128)), v.pipe(v.number(), v.finite()), v.null()])),
  method: v.pipe(v.string(), v.maxLength(256)),
  params: v.optional(v.unknown()),
});
const success = v.strictObject({ jsonrpc, id: integer, result: v.unknown() });
const failure = v.strictObject({
  jsonrpc,
  /** null: the question could not even be read. */
  id: v.union([integer, v.null()]),
  error: v.strictObject({ code: integer, message: v.pipe(v.string(), v.maxLength(4096)), data: v.optional(v.unknown()) }),
});

/** Of what the program sends. Whatever is `unknown` here is checked by whoever uses it, or dropped. */
export const incoming = v.union([request, success, failure]);
export type Incoming = v.InferOutput<typeof incoming>;
export type Request = v.InferOutput<typeof request>;

/** As JSON-RPC has it. */
export const METHOD_NOT_FOUND = -32_601;
