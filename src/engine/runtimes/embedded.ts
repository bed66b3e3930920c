/** The embedded runtime: util-linux and coreutils alone, no program of its own in the container. */
import { envConflict, envNeedsShell } from '../errors.js';
import { findArguments } from '../lifecycle/process-tree.js';
import { resolvePath, type RootTree } from '../mounts/root-tree.js';
import { quoteWord, sortEnvironment, type SortedEnvironment } from './environment.js';
import { watchExec } from './exec-watch.js';
import { composeLauncher } from './launcher.js';
import type { Entry, EntryRequest, Runtime } from './runtime.js';
import { COMMAND_FILE, writeCommand } from './script.js';

export const embedded: Runtime = { name: 'embedded', makesTerminal: false, refuse: () => undefined, enter };

async function enter({ session, tree, config, identity, tools, caller, streams }: EntryRequest): Promise<Entry> {
  const env = sortEnvironment(config.env);
  await refuseEnvironment(env, tree);
  const { uid, gid } = caller;
  const { workingDirectory, command } = config;
  const launcher = composeLauncher({ tools, identity, uid, gid, workingDirectory, env, command, options: config });
  return {
    files: { [COMMAND_FILE]: writeCommand(launcher, env, { umask: config.umask, streams }) },
    lines: [
      // The host's root stays hidden below the moved one; a mere chroot could be left with CAP_SYS_CHROOT.
      ...(identity === 'user' ? [] : [`${tools.mount} -n -i --move . / || exit 125`]),
      `. ${quoteWord(`${session}/${COMMAND_FILE}`)}`,
    ],
    async start({ chain, init, parent, shell }) {
      const watch = { parent, command: shell, launcher, shellArguments: findArguments(shell.pid), reports: chain.reports };
      return { verdict: await watchExec(watch, chain.go), command: shell, ancestor: init };
    },
  };
}

async function refuseEnvironment(env: SortedEnvironment, tree: RootTree): Promise<void> {
  const [linker] = env.linker.keys();
  const [shell] = env.shell.keys();
  if (linker === undefined) return;
  if (shell !== undefined) throw envConflict(linker, shell);
  const { entry } = await resolvePath(tree, '/bin/sh');
  if (entry?.kind !== 'file') throw envNeedsShell(linker);
}
