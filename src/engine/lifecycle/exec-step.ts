/** The last step of a further command: by the launcher where the engine itself has started the container's, else by the runtime's program. */
import { join } from 'node:path';
import { envConflict, optionUnsupported } from '../errors.js';
import { parseEnvironment } from '../request.js';
import { parseUser } from '../request-options.js';
import type { Chain } from '../runtimes/chain.js';
import type { Entrance } from '../runtimes/entrance.js';
import { quoteWord, sortEnvironment } from '../runtimes/environment.js';
import { composeLauncher, type Entered } from '../runtimes/launcher.js';
import type { Start } from '../runtimes/runtime.js';
import { writeCommand, writeEntered, writeEnteredTerminal } from '../runtimes/script.js';
import type { ExecRequest } from '../shapes.js';
import type { TerminalTools } from '../terminal/own-terminal.js';
import { requireCoreutil, type Tools } from '../tools.js';
import type { ProcessStatus } from './process-tree.js';

export interface StepRequest {
  readonly request: ExecRequest;
  readonly tools: Tools;
  readonly terminal: TerminalTools | undefined;
  readonly entrance: Entrance;
  readonly entered: Entered;
  /** Of the container. */
  readonly session: string;
  /** Of this command, in the session. */
  readonly directory: string;
}

export interface ExecStep {
  /** To be written, mode 0600: absolute path -> text. */
  readonly files: Readonly<Record<string, string>>;
  /** Says "go", and answers once it is known what became of the command. */
  readonly start: (chain: Chain, shell: ProcessStatus) => Promise<Start>;
  /** Where it was not executed, and the exit code of the chain does not tell. */
  readonly explain?: () => Promise<number>;
}

/** What the shell reads that enters the container. */
export const ENTERED_FILE = 'script';

export async function planStep(request: StepRequest): Promise<ExecStep> {
  const { directory, tools, terminal, entrance } = request;
  const {
    first = [],
    last = [],
    before = [],
    lines,
    files,
    start,
    explain,
  } = entrance.program === undefined ? stepByLauncher(request) : await stepByProgram(request, entrance.program);
  const terminalFile = join(directory, 'terminal');
  const script = { tools, first, last, before, lines };
  const owner = entrance.identity === 'root' ? chooseUser(request)?.uid : undefined;
  return {
    files: {
      [join(directory, ENTERED_FILE)]: writeEntered(script, terminal && { tools: terminal, file: terminalFile }),
      ...(terminal === undefined
        ? {}
        : { [terminalFile]: writeEnteredTerminal(script, terminal, { owner }) }),
      ...files,
    },
    start,
    ...(explain === undefined ? {} : { explain }),
  };
}

interface LastLines extends ExecStep {
  readonly lines: readonly string[];
  readonly first?: readonly string[];
  readonly last?: readonly string[];
  readonly before?: readonly string[];
}

function stepByLauncher(step: StepRequest): LastLines {
  const { request, tools, entrance, entered, directory } = step;
  const { identity, caller, umask, capabilities, rlimits } = entrance;
  const env = sortEnvironment(describeEnvironment(step));
  const [linker] = env.linker.keys();
  const [shell] = env.shell.keys();
  if (linker !== undefined && shell !== undefined) throw envConflict(linker, shell);
  const launcher = composeLauncher({
    ...{ tools, identity, uid: caller.uid, gid: caller.gid, env, command: request.command, entered },
    workingDirectory: request.workingDirectory ?? entrance.workingDirectory,
    options: { user: chooseUser(step), capabilities, rlimits },
  });
  const commandFile = join(directory, 'command');
  return {
    files: { [commandFile]: writeCommand(launcher, env, { umask, streams: describeStreams(step) }) },
    lines: [`. ${quoteWord(commandFile)}`],
    start(chain, command) {
      chain.go();
      return Promise.resolve({ verdict: 'either', command, ancestor: command });
    },
  };
}

async function stepByProgram(step: StepRequest, program: NonNullable<Entrance['program']>): Promise<LastLines> {
  const { request, session, directory, terminal, entrance } = step;
  const { identity, caller, workingDirectory, umask, capabilities, rlimits } = entrance;
  // Most containers need none of it.
  const { planFurther } = await import('../runtimes/oci/further.js');
  const [mkfifo, sleep] = await Promise.all([requireCoreutil('mkfifo'), requireCoreutil('sleep')]);
  return planFurther({
    ...{ program, session, directory, identity, caller, tools: { ...step.tools, mkfifo, sleep } },
    config: {
      ...{ command: request.command, env: describeEnvironment(step), user: chooseUser(step), umask, capabilities, rlimits },
      workingDirectory: request.workingDirectory ?? workingDirectory,
    },
    atOwnTerminal: terminal !== undefined,
    streams: describeStreams(step),
  });
}

/** At a terminal there is but one stream. */
function describeStreams({ terminal }: StepRequest): string {
  return `2>&${terminal === undefined ? 3 : 1} 3>&- 4>&-`;
}

/** Only in a container of real root there is more than one. */
function chooseUser({ request: { user: typed }, entrance: { identity, caller, user } }: StepRequest): Entrance['user'] {
  if (typed === undefined) return user;
  const wanted = parseUser(typed, (user ?? caller).gid);
  const own = user ?? (identity === 'fakeroot' ? { uid: 0, gid: 0 } : caller);
  if (identity !== 'root' && (wanted.uid !== own.uid || wanted.gid !== own.gid))
    throw optionUnsupported('user', `in this container there is only ${own.uid}:${own.gid} to begin as`, 'bulkhead exec CONTAINER id');
  return wanted;
}

function describeEnvironment({ request: { env, terminal }, entrance }: StepRequest): Record<string, string> {
  const kind = terminal === true ? { TERM: process.env['TERM'] ?? 'xterm' } : {};
  return { ...entrance.env, ...kind, ...parseEnvironment(env) };
}
