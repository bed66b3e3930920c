import { probes } from '../escape-case.js';

export const timingCases = probes('F', [
  ['performance, a fine clock', 'return performance.now()', 'return new Date(0).getTime() === 0'],
  ['process.hrtime, a fine clock', 'return process.hrtime()', 'return new Date(0).toISOString() === "1970-01-01T00:00:00.000Z"'],
  ['SharedArrayBuffer, with which a thread counts', 'return new SharedArrayBuffer(8)', 'return new ArrayBuffer(8).byteLength === 8'],
  ['Atomics, by which a thread waits', 'return Atomics.wait', 'return Promise.all([1]).then(() => true)'],
  [
    'a shared buffer, by its maker',
    'return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer',
    'return new Uint8Array(new ArrayBuffer(4)).length === 4',
  ],
  ['the bits of a NaN, by a view of floats', 'return new Float64Array(1)', 'return new DataView(new ArrayBuffer(8)).getFloat64(0) === 0'],
  ['the bits of a NaN, by Float32Array', 'return new Float32Array(1)', 'return new Uint32Array(1)[0] === 0'],
  [
    'the bits of a NaN, by a DataView',
    'const view = new DataView(new ArrayBuffer(8)); view.setBigUint64(0, 0x7ff8000000000001n); view.setFloat64(0, view.getFloat64(0)); const bits = view.getBigUint64(0); return bits === 0x7ff8000000000000n ? undefined : bits === 0x7ff8000000000001n ? undefined : bits',
    'const view = new DataView(new ArrayBuffer(8)); view.setFloat64(0, 1.5); return view.getFloat64(0) === 1.5',
  ],
  [
    'the language of the host, by a number',
    'return (1234.5).toLocaleString() === (1234.5).toString() ? undefined : (1234.5).toLocaleString()',
    'return (1234.5).toString() === "1234.5"',
  ],
  [
    'the language of the host, by a text',
    "return ['ä', 'z'].sort((a, b) => a.localeCompare(b))[0] === (('ä' < 'z') ? 'ä' : 'z') ? undefined : 1",
    "return 'a'.localeCompare('b') < 0",
  ],
  ['a variable that another plugin of this host left', 'return globalThis.left', 'globalThis.own = true; return own'],
  [
    'the module domain, by which promises tell',
    'return Promise.resolve().domain ?? new Error().domain',
    'return Promise.resolve() instanceof Promise',
  ],
  ['a lock that other threads see', 'return navigator.locks', 'return typeof globalThis === "object"'],
  [
    'the path of the host, by an error',
    'try { null.x } catch (error) { return [error.stack, error.fileName, error.sourceURL].filter(Boolean).join() || undefined }',
    'try { null.x } catch (error) { return error.message.length > 0 }',
  ],
]);
