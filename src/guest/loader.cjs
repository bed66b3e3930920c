'use strict';
// The file that piscina loads in each worker, and process-loader.cjs in each process.
const { loadBundle } = require('../base/load-bundle.cjs');

const { exports: guest, createCache } = loadBundle(`${__dirname}/guest-bundle.cjs`, require);

module.exports = guest.runSession;
module.exports.runProcess = guest.runProcess;
// For scripts/build.ts, after the bundle has run once, so that the cache holds what a start needs.
module.exports.createCache = createCache;
