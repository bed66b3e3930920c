/**
 * A terminal of the command's own, made by script(1) of util-linux: Node can open none without native code.
 *
 *      caller's terminal, raw ── script ══ pseudo-terminal ── sh ▶ … ▶ the command, leader of a session of its own
 *
 * script stands in the engine's process group: the kernel tells it of the caller's window, it makes the caller's terminal raw and
 * at its end what it was. The pseudo-terminal is one of the container's own (see shadowTerminals in mounts/kernel.ts), so that
 * tty(1) finds it there; keys such as ^C and ^Z mean what they mean to whoever has the foreground of that terminal.
 */
import { toolMissing } from '../errors.js';
import { quoteWord } from '../runtimes/environment.js';
import { findTool, TOOL_DIRECTORIES } from '../tools.js';

export interface TerminalTools {
  readonly script: string;
  readonly stty: string;
  readonly tty: string;
  readonly chown: string;
}

const PACKAGE_OF = { script: 'bsdutils', stty: 'coreutils', tty: 'coreutils', chown: 'coreutils' } as const;
/** Where nobody says how large it is. */
const SIZE = 'rows 24 cols 80';

/** Throws TOOL_MISSING. */
export async function findTerminalTools(): Promise<TerminalTools> {
  const [script, stty, tty, chown] = await Promise.all([
    requireTool('script'),
    requireTool('stty'),
    requireTool('tty'),
    requireTool('chown'),
  ]);
  return { script, stty, tty, chown };
}

async function requireTool(name: keyof typeof PACKAGE_OF): Promise<string> {
  const path = await findTool(name, TOOL_DIRECTORIES);
  if (path === undefined) throw toolMissing(name, PACKAGE_OF[name]);
  return path;
}

/** A line of a shell, which waits for what the lines of `file` do at a terminal; their fd 3 is the fd 2 of this shell. */
export function runAtTerminal({ script }: TerminalTools, file: string): string {
  return `${script} -q -e -c ${quoteWord(`. ${quoteWord(file)}`)} /dev/null 3>&2`;
}

export interface TerminalWishes {
  /** Who may open it; who has made it where absent. */
  readonly owner?: number | undefined;
  /** A file over which it is mounted. */
  readonly console?: string | undefined;
}

/** The first lines of that file. A terminal has a size and modes that make sense, also where the caller has none to copy. */
export function makeTerminalSane({ stty, tty, chown }: TerminalTools, mount: string, { owner, console }: TerminalWishes): string[] {
  return [
    'exec 2>&3',
    `case $(${stty} size) in '0 '* | *' 0') ${stty} sane ${SIZE} || exit 125 ;; esac`,
    ...(owner === undefined ? [] : [`${chown} ${owner} "$(${tty})" || exit 125`]),
    ...(console === undefined ? [] : [`${mount} -n -i --bind "$(${tty})" ${quoteWord(console)} || exit 125`]),
  ];
}
