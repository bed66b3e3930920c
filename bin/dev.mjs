#!/usr/bin/env -S node --import=tsx --conditions=bulkhead-source --no-warnings
// Runs the CLI from the sources. The guest must have been built once: npm run build.
import { main } from '../src/cli/cli.ts';

await main(process.argv.slice(2));
