/**
 * What stands at the end of the chain and starts the command: the embedded runtime, or a program that speaks the command line
 * of OCI runtimes. All mounts are there by then; a runtime turns the subshell of PID 1 into the command, or into its parent.
 *
 *      embedded   PID 1 ─▶ subshell ▶ env ▶ setpriv ▶ unshare --root=. ▶ the command          embedded.ts
 *      OCI        PID 1 ─▶ subshell ▶ crun run … ─▶ the command                               oci/oci.ts
 *      planned    PID 1 ─▶ subshell ▶ bwrap … crun run … ─▶ the command                       oci/planned.ts, as somebody else says
 */
import type { Caller } from '../config.js';
import type { ProcessStatus } from '../lifecycle/process-tree.js';
import type { RootTree } from '../mounts/root-tree.js';
import type { ContainerConfig } from '../shapes.js';
import type { Tools } from '../tools.js';
import type { Chain } from './chain.js';
import type { ExecVerdict } from './exec-watch.js';
import type { Identity } from './identity.js';

export interface Runtime {
  /** As the user calls it. */
  readonly name: string;
  /** Whether it gives the command a terminal of its own, which it joins to the caller's; else the command has the caller's. */
  readonly makesTerminal: boolean;
  /** Throws where it cannot run a container for this identity; before anything is made. */
  readonly refuse: (identity: Identity) => void;
  /** Plans the last step; starts and writes nothing. */
  readonly enter: (request: EntryRequest) => Promise<Entry>;
}

export interface EntryRequest {
  /** The session directory. */
  readonly session: string;
  readonly tree: RootTree;
  readonly config: ContainerConfig;
  readonly identity: Identity;
  readonly tools: Tools;
  readonly caller: Caller;
  /** Whether the shell that becomes the command stands at a terminal of its own, see terminal/own-terminal.ts. */
  readonly atOwnTerminal: boolean;
  /** Redirections of the command: its stderr, and what only the engine and drivers need closed. */
  readonly streams: string;
}

/** The last step of a session. */
export interface Entry {
  /** To be written into the session, mode 0600: relative path -> text. */
  readonly files: Readonly<Record<string, string>>;
  /** Lines of the shell that stands in the container's root, after "go"; the last becomes the command or the runtime. */
  readonly lines: readonly string[];
  /** Says "go", and answers once it is known what became of the command. */
  readonly start: (request: StartRequest) => Promise<Start>;
  /**
   * The command was not executed, and the chain has ended. Answers with the exit code where that says enough, as 127 of a command
   * that is nowhere; throws where the runtime has more to say. What there is without it: the exit code of the launcher.
   */
  readonly explain?: (() => Promise<number>) | undefined;
  /** What alone starts further commands, see oci/further.ts. Without it they come in by the namespaces of PID 1. */
  readonly program?: RuntimeProgram | undefined;
}

/** One that speaks the command line of OCI runtimes. */
export interface RuntimeProgram {
  /** As the user calls it. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Before those that the engine gives. */
  readonly args: readonly string[];
  /** Whose ways it has: a name or a path, see oci/dialects.ts. */
  readonly like: string;
  /** What no command has that it starts, as in `CAP_KILL`. */
  readonly withoutCapabilities?: readonly string[] | undefined;
}

export interface StartRequest {
  readonly chain: Chain;
  readonly init: ProcessStatus;
  /** Who waits for the shell: PID 1, or script(1). */
  readonly parent: ProcessStatus;
  /** What `lines` run in. */
  readonly shell: ProcessStatus;
}

export interface Start {
  readonly verdict: ExecVerdict;
  readonly command: ProcessStatus;
  /** Whose descendants are the container's processes. */
  readonly ancestor: ProcessStatus;
}
