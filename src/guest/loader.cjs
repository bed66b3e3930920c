'use strict';
// The file that piscina loads in each worker, and process-loader.cjs in each process: runs the guest's bundle from V8's code
// cache where there is one for this Node.
// Measured on Node 20: SES from the cache costs 27 ms over a bare worker, 50 without. A cache that V8 rejects is ignored.
const { readFileSync } = require('node:fs');
const { wrap } = require('node:module');
const { Script } = require('node:vm');

const file = `${__dirname}/guest-bundle.cjs`;

function readCache() {
  try {
    return readFileSync(`${__dirname}/guest-bundle.${process.version}.cache`);
  } catch {
    return undefined;
  }
}

const script = new Script(wrap(readFileSync(file, 'utf8')), { filename: file, cachedData: readCache() });
const bundle = { exports: {} };
script.runInThisContext()(bundle.exports, require, bundle, file, __dirname);

module.exports = bundle.exports.runSession;
module.exports.runProcess = bundle.exports.runProcess;
// For scripts/build.ts, after the bundle has run once, so that the cache holds what a start needs.
module.exports.createCache = () => script.createCachedData();
