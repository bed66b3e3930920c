/**
 * For the tests of authors: opens a plugin in a real compartment. No fake of the sandbox, so that what passes here runs.
 *
 *   const plugin = await openTestPlugin(import.meta.dirname);
 *   const changes = await plugin.call('engineConfig', { config });
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { absentValues, type AskableName, type CallbackInput, type CallbackOutput, type PluginDescription } from '../contract/contract.js';
import type { Log } from '../../src/base/log.js';
import { requireConfigured } from '../../src/catalog/catalog.js';
import { askOne, describeScript, openHost } from '../../src/host/host.js';
import { bundlePlugin, locateInSource } from '../../src/package/package.js';
import type * as surface from './surface.js';

/** Where the test names no flags, they are as when nobody gives them. */
function withFlags<Name extends AskableName>(
  callback: Name,
  input: CallbackInput<Name>,
  { flags }: PluginDescription,
): CallbackInput<Name> {
  if (callback !== 'engineConfig' || 'flags' in input) return input;
  return { ...input, flags: absentValues(flags['run']) };
}

export type { LoggedLine, TestPlugin, TestPluginOptions } from './surface.js';

export const openTestPlugin: typeof surface.openTestPlugin = async (
  directory,
  { grants, env = {}, configuration = {}, deadlineMs, syslogSocket } = {},
) => {
  const lines: surface.LoggedLine[] = [];
  const log: Log = {
    isDebug: false,
    write(level, message) {
      if (level !== 'fatal' && message.startsWith('[')) lines.push({ level, message });
    },
  };
  let output = '';
  const { script, sourceMap } = await bundlePlugin(resolve(directory));
  const description = await describeScript(script, { name: directory, log });
  const stateDirectory = await mkdtemp(join(tmpdir(), 'bulkhead-test-'));
  const host = openHost({ log, print: (text) => void (output += text), stateDirectory, env, deadlineMs, syslogSocket });
  const respondent = host.respondent({
    name: description.name,
    grants: grants ?? description.permissions,
    onFailure: 'required',
    isolation: 'thread',
    // Not before it is asked: a test may be about a plugin that is not configured.
    load: async () => ({
      script,
      configuration: requireConfigured({ name: description.name, manifest: description, configuration }),
      locate: (stack) => locateInSource(stack, sourceMap),
    }),
  });

  return {
    description,
    log: lines,
    call<Name extends AskableName>(callback: Name, input: CallbackInput<Name>): Promise<CallbackOutput<Name>> {
      return askOne(respondent, callback, withFlags(callback, input, description));
    },
    async command(name, args = [], flags = {}) {
      output = '';
      const exitCode = (await askOne(respondent, 'command', { name, args: [...args], flags: { ...flags } })) ?? 0;
      return { exitCode, output };
    },
    async close() {
      await host.close();
      await rm(stateDirectory, { recursive: true, force: true });
    },
  };
};
