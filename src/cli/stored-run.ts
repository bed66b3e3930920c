/** Parses the words of a `run` or `create` of an earlier day as they would be parsed now: with the plugins that there are now. */
import type { Command, Config, Interfaces } from '@oclif/core';
import type { ContainerRecord, Invocation, Product, RunRequest } from '#wiring/wiring.js';
import { addFlags, describeInvocation, type Extended } from './added-flags.js';
import { toRequest } from './container-request.js';
import { cliErrors } from './errors.js';

type RunCommand = Command.Class & Extended;
type ParsedRun = Interfaces.ParserOutput & Parameters<typeof toRequest>[0];

export interface StoredRunContext {
  readonly config: Interfaces.Config;
  readonly open: (pluginDirectories: readonly string[]) => Product;
  readonly parse: (command: RunCommand, words: string[]) => Promise<Interfaces.ParserOutput>;
}

/** Goes to where they were typed: relative paths are from there. */
export async function readStoredRun(
  { words, pluginDirectories, cwd }: ContainerRecord['invocation'],
  { config, open, parse }: StoredRunContext,
): Promise<{ product: Product; invocation: Invocation<RunRequest> }> {
  enter(cwd);
  const product = open(pluginDirectories);
  const { flags } = await product.contributions({ first: 'run', words });
  addFlags(config as Config, flags);
  const loadable = config.findCommand('run', { must: true });
  const command = (await loadable.load()) as RunCommand;
  const parseRun = async (typed: string[]) => (await parse(command, typed)) as ParsedRun;
  const { invocation, warnings } = describeInvocation(command, { parsed: await parseRun([...words]), parse: parseRun, toRequest });
  for (const warning of warnings) product.log.write('warning', warning);
  return { product, invocation };
}

function enter(cwd: string): void {
  try {
    process.chdir(cwd);
  } catch (cause) {
    throw cliErrors.directoryGone(cwd, cause);
  }
}
