#!/usr/bin/env node
'use strict';
// CommonJS (see package.json beside it), which Node starts sooner than a module.
const { homedir } = require('node:os');

// An id without an entry in passwd and without HOME, as clusters and CI give: Node throws, and so do libraries when they load.
try {
  homedir();
} catch {
  process.env.HOME = '/';
}

const { complete, main } = require('../dist/cli/cli.cjs');

const [first, ...words] = process.argv.slice(2);
// What a shell asks at each press of the tab key: without oclif.
void (first === '__complete' ? complete(words) : main(process.argv.slice(2)));
