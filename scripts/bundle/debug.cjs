'use strict';
// oclif asks for this package at each start and uses it when DEBUG is set.
const silent = Object.assign(() => undefined, { enabled: false, extend: () => silent, log: undefined });

module.exports = process.env.DEBUG === undefined ? () => silent : require('debug/src/index.js');
