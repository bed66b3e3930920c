/**
 * What the user types. A command parses, calls one function of the wiring, and prints.
 *
 *   bin/run.js ─▶ loader.cjs ─▶ main ─▶ oclif ─▶ builtin.ts ─▶ commands/…
 *                                          ├────▶ contributed.ts       commands of plugins, from their receipts; starts no worker before one runs
 *                                          ├────▶ bundles.ts           plugins that are programs: run in place of a command, outside of oclif
 *                                          └────▶ added-flags.ts       flags of plugins on built-in commands
 *
 * Exit codes and printing belong here; other rooms throw.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Config, run, type Interfaces, type Plugin } from '@oclif/core';
import { addFlags } from './added-flags.js';
import { arrangeArguments, checkCommand } from './arguments.js';
import { readBuiltin } from './builtin.js';
import { describeBundles, runBundle, suggestCommand } from './bundles.js';
import { describeContributed, mayNeedContributed, readContributions, showsAll, toOclifPlugin } from './contributed.js';
import Help from './help.js';
import { reportError } from './output/report.js';

export { loadCommand } from './builtin.js';
export { complete } from './complete.js';
export { Help };

/** Runs one command line and sets the exit code of the process. Never rejects. */
export async function main(argv: readonly string[]): Promise<void> {
  leaveWhenNobodyReads();
  const ids: string[] = [];
  try {
    const config = await loadConfig(argv);
    ids.push(...config.commandIDs);
    if (await runBundle(argv, ids)) return;
    const words = arrangeArguments(argv, config.findCommand('run')?.flags ?? {}, config.findCommand('exec')?.flags ?? {});
    checkCommand(words, ids, (id) => takesWords(config, id));
    await (asksForHelp(words) ? new Help(config, config.pjson.oclif.helpOptions).showHelp(words) : run(words, config));
    if (showsAll(argv)) process.stdout.write(`${await describeContributed(argv)}${await describeBundles(argv)}`);
  } catch (error) {
    process.exitCode = reportError(await suggestCommand(error, argv, ids));
  }
}

function takesWords(config: Config, id: string): boolean {
  const { args = {}, strict } = config.findCommand(id) ?? {};
  return strict === false || Object.keys(args).length > 0;
}

/** As oclif sees it, which would look in the file system for the class that shows it. */
function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return words.length === 0 || (end < 0 ? words : words.slice(0, end)).some((word) => word === '--help' || word === '-h');
}

/** `… | head -1`: who reads has gone, which is no error of anybody. Exits as a program does that SIGPIPE ends. */
function leaveWhenNobodyReads(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(141);
    throw error;
  });
  process.stderr.on('error', () => undefined);
}

async function loadConfig(argv: readonly string[]): Promise<Config> {
  const root = findPackageRoot();
  const own: Interfaces.Plugin = readBuiltin(root);
  const { commands, flags } = mayNeedContributed(argv, own.commandIDs) ? await readContributions(argv) : { commands: [], flags: [] };
  const plugins = [own, ...(commands.length > 0 ? [toOclifPlugin(root, commands)] : [])];
  const config = new Config({ root, plugins: new Map(plugins.map((plugin) => [plugin.name, plugin as Plugin])) });
  await config.load();
  addFlags(config, flags);
  return config;
}

/** `dist/cli/` and `src/cli/` are equally deep. */
function findPackageRoot(): string {
  return dirname(dirname(dirname(fileURLToPath(import.meta.url))));
}
