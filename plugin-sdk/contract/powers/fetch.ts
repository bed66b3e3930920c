import * as v from 'valibot';
import { power } from './power.js';

/** A body is text (UTF-8) or bytes, at most 1 MiB either way; bytes are written as a character each, which any realm can read. */
const body = v.variant('type', [
  v.strictObject({ type: v.literal('text'), text: v.pipe(v.string(), v.maxLength(1_048_576)) }),
  v.strictObject({
    type: v.literal('bytes'),
    characters: v.pipe(v.string(), v.maxLength(1_048_576), v.regex(/^[\u0000-\u00ff]*$/, 'must be bytes')),
  }),
]);
const headerName = v.pipe(v.string(), v.regex(/^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/, 'must be the name of a header, in lower case'));

export const fetch = power({
  version: '1.0.0',
  summary: 'Asks a server by HTTP and answers with what it said; redirects are followed, each to a granted host',
  permission: 'fetch',
  input: v.strictObject({
    url: v.pipe(v.string(), v.maxLength(8192)),
    method: v.picklist(['GET', 'HEAD', 'POST']),
    headers: v.pipe(
      v.record(headerName, v.pipe(v.string(), v.maxLength(8192), v.regex(/^[\t\u0020-\u007e]*$/, 'must be printable ASCII'))),
      v.maxEntries(64),
    ),
    body: v.optional(body),
    /** How the body of the answer is wanted. */
    responseType: v.picklist(['text', 'bytes']),
  }),
  output: v.strictObject({
    status: v.pipe(v.number(), v.safeInteger(), v.minValue(200), v.maxValue(999)),
    /** Where the answer came from, after redirects. */
    url: v.pipe(v.string(), v.maxLength(65536)),
    headers: v.pipe(v.record(v.pipe(v.string(), v.maxLength(16384)), v.pipe(v.string(), v.maxLength(16384))), v.maxEntries(256)),
    body,
  }),
});
