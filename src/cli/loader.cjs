'use strict';
// What bin/run.js loads: the command line, one file with all of npm that it always needs.
const { loadBundle } = require('../base/load-bundle.cjs');

const { exports: cli, createCache } = loadBundle(`${__dirname}/cli-bundle.cjs`, require);

module.exports = cli;
// For scripts/build.ts.
module.exports.createCache = createCache;
