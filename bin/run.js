#!/usr/bin/env node
import { homedir } from 'node:os';

// An id without an entry in passwd and without HOME, as clusters and CI give: Node throws, and so do libraries when they load.
try {
  homedir();
} catch {
  process.env.HOME = '/';
}

const [first, ...words] = process.argv.slice(2);
if (first === '__complete') {
  // What a shell asks at each press of the tab key: without oclif, which takes half the time.
  const { complete } = await import('../dist/cli/complete.js');
  await complete(words);
} else {
  const { main } = await import('../dist/cli/cli.js');
  await main(process.argv.slice(2));
}
