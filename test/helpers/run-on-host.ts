import { join } from 'node:path';
import { openCli, repository, type Cli, type Outcome } from './cli.js';
import { needUserNamespaces } from './need.js';

/** The CLI with `host:` images and these samples installed. Skips the test, with a reason, where no container can be run. */
export async function openOnHost(context: Mocha.Context, directories: readonly string[]): Promise<Cli> {
  needUserNamespaces(context);
  const cli = await openCli();
  for (const directory of [join(repository, 'samples/host-image'), ...directories]) await cli.install(directory);
  return cli;
}

/** Runs one line of shell in a container on `host:`, with these samples at work. */
export async function runOnHost(context: Mocha.Context, directories: readonly string[], script: string): Promise<Outcome> {
  const cli = await openOnHost(context, directories);
  try {
    return await cli.run('run', 'host:', 'sh', '-c', script);
  } finally {
    await cli.close();
  }
}
