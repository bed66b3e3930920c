#!/usr/bin/env node
import { homedir } from 'node:os';

// An id without an entry in passwd and without HOME, as clusters and CI give: Node throws, and so do libraries when they load.
try {
  homedir();
} catch {
  process.env.HOME = '/';
}

const { main } = await import('../dist/cli/cli.js');
await main(process.argv.slice(2));
