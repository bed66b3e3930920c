/**
 * A further command in a container of a program that speaks the command line of OCI runtimes: `RUNTIME exec`, from within the namespaces
 * of the launch chain, as the program has put the command into a mount namespace and behind a filter that it alone can repeat.
 *
 *      engine ── nsenter ──▶ sh ──▶ crun exec ──▶ the command
 *                            └ ─ ─ ▶ a guard, child of PID 1
 *
 * No program of this kind gives the command a death signal. The guard does instead: it reads from a FIFO whose other end only the shell
 * has. Whatever was killed, when that is gone it reads its end, waits until it can know which process the command is, and ends it.
 * Where it was the program that was killed, in the instant in which nobody knows that yet, the engine has seen the command meanwhile.
 */
import { join } from 'node:path';
import type { Caller } from '../../config.js';
import type { ContainerConfig } from '../../shapes.js';
import type { Tools } from '../../tools.js';
import type { Chain } from '../chain.js';
import type { ProcessStatus } from '../../lifecycle/process-tree.js';
import { quoteWord } from '../environment.js';
import type { Identity } from '../identity.js';
import { CHAIN_IGNORES } from '../launcher.js';
import type { RuntimeProgram, Start } from '../runtime.js';
import { findDialect } from './dialects.js';
import { planKeeper } from './keeper.js';
import { composeGlobals, findSize, nameContainer, readAvailable, resetSignals } from './entry.js';
import { composeProcess, renderSpec } from './spec.js';
import { explainRuntime, watchRuntime } from './watch.js';

/** Of coreutils. */
interface FurtherTools extends Tools {
  readonly mkfifo: string;
  readonly sleep: string;
}

/** As often does the guard look for a command that begins. */
const LOOK_SECONDS = 0.05;
const LOOKS_MAX = 200;

export interface FurtherRequest {
  readonly program: RuntimeProgram;
  /** The session directory of the container. */
  readonly session: string;
  /** Of this one command, in the session. */
  readonly directory: string;
  readonly tools: FurtherTools;
  readonly identity: Identity;
  readonly caller: Pick<Caller, 'uid' | 'gid'>;
  readonly config: Pick<ContainerConfig, 'command' | 'env' | 'workingDirectory' | 'user' | 'umask' | 'capabilities' | 'rlimits'>;
  readonly atOwnTerminal: boolean;
  /** Redirections of the command. */
  readonly streams: string;
}

export interface Further {
  /** To be written, mode 0600: absolute path -> text. */
  readonly files: Readonly<Record<string, string>>;
  /** See EnteredRequest. */
  readonly first: readonly string[];
  readonly last: readonly string[];
  readonly before: readonly string[];
  readonly lines: readonly string[];
  /** Says "go", and answers once it is known what became of the command. */
  readonly start: (chain: Chain, shell: ProcessStatus) => Promise<Start>;
  /** The command was not executed: 126, 127, or throws RUNTIME_FAILED. */
  readonly explain: () => Promise<number>;
}

export async function planFurther(request: FurtherRequest): Promise<Further> {
  const { program, session, directory, tools, identity, caller, config, atOwnTerminal, streams } = request;
  const [processFile, pidFile, logFile] = [join(directory, 'process.json'), join(directory, 'pid'), join(directory, 'oci.log')];
  const process_ = composeProcess({
    config,
    identity,
    caller,
    terminal: atOwnTerminal ? findSize() : undefined,
    available: await readKept(program, identity),
    umask: config.umask ?? process.umask(),
  });
  const globals = composeGlobals(program, { session, logFile });
  const words = [...globals, 'exec', '--process', processFile, '--pid-file', pidFile, nameContainer(session)];
  const dialect = findDialect(program.like);
  const keeper = dialect.losesWords && atOwnTerminal ? await planKeeper(tools) : undefined;
  const runtimeFile = join(directory, 'runtime');
  return {
    files: { [processFile]: renderSpec(process_) },
    first: postGuard(tools, { fifo: join(directory, 'end'), pidFile, runtimeFile }),
    // By a signal it may have been the program that ended, and not the command; else there is nothing left to end.
    last: [`[ "$code" -gt 128 ] || { : >${quoteWord(pidFile)}; : >${quoteWord(runtimeFile)}; }`],
    // A subshell has the $$ of its parent.
    before: ['read -r own word </proc/self/stat', `echo "$own" >${quoteWord(runtimeFile)} || exit 125`],
    lines: [
      'unset PWD OLDPWD SHLVL own word',
      ...(keeper === undefined ? [] : [keeper.line]),
      'echo exec >&4',
      `exec ${[...resetSignals({ tools }), ...words].map(quoteWord).join(' ')} ${streams} 9>&-`,
    ],
    start: (chain, runtime) =>
      watchRuntime(chain, {
        ...{ runtime, isPlanned: false, command: config.command, pidFile, logFile },
        steps: [words, words],
        keeper,
        resizes: atOwnTerminal && !dialect.resizesTerminal,
        leavesOthers: true,
      }),
    explain: () => explainRuntime(program.name, logFile),
  };
}

async function readKept({ withoutCapabilities = [] }: RuntimeProgram, identity: Identity): Promise<ReadonlySet<string>> {
  const available = await readAvailable(identity === 'root');
  return new Set([...available].filter((name) => !withoutCapabilities.includes(`CAP_${name.toUpperCase()}`)));
}

/** Only the shell has fd 9; fd 7 ends with it. Twice a child, so that nobody waits for it. */
function postGuard({ mkfifo, sleep }: FurtherTools, files: { fifo: string; pidFile: string; runtimeFile: string }): string[] {
  const [fifo, pidFile, runtimeFile] = [files.fifo, files.pidFile, files.runtimeFile].map(quoteWord);
  return [
    `${mkfifo} -m 0600 ${fifo} && exec 9<>${fifo} 7<${fifo} || exit 125`,
    '( (',
    `trap '' ${CHAIN_IGNORES.join(' ')}`,
    'exec 9>&- 3>&- 4>&- >/dev/null 2>&1',
    'pid= runtime= looks=0',
    'read -r word <&7',
    `read -r runtime <${runtimeFile}`,
    `until [ -s ${pidFile} ] || [ $((looks += 1)) -gt ${LOOKS_MAX} ] || ! kill -0 "$runtime"; do ${sleep} ${LOOK_SECONDS}; done`,
    // No line ends in that file, which makes it an error to read one.
    `read -r pid <${pidFile}`,
    '[ -z "$pid" ] || kill -KILL "$pid"',
    '[ -z "$runtime" ] || kill -KILL "$runtime"',
    ') & )',
    'exec 7<&-',
  ];
}
