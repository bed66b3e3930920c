import * as v from 'valibot';
import { power } from './power.js';

const key = v.pipe(v.string(), v.minLength(1), v.maxLength(256));
const value = v.pipe(v.string(), v.maxLength(65536));

/** Text by key, kept between runs, of this plugin and this user alone; at most 256 keys. */
export const storeGet = power({
  version: '1.0.0',
  summary: 'Reads one value of the store',
  input: v.strictObject({ key }),
  output: v.optional(value),
});

export const storeSet = power({
  version: '1.0.0',
  summary: 'Writes one value of the store, atomically',
  input: v.strictObject({ key, value }),
  output: v.undefined(),
});

export const storeDelete = power({
  version: '1.0.0',
  summary: 'Removes one value of the store',
  input: v.strictObject({ key }),
  output: v.undefined(),
});

export const storeKeys = power({
  version: '1.0.0',
  summary: 'Lists the keys of the store, sorted',
  input: v.strictObject({}),
  output: v.pipe(v.array(key), v.maxLength(256)),
});
