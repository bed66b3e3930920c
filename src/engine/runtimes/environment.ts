/**
 * How each variable reaches the command. The programs of the host that still run before it must not obey them, and no value
 * may stand on a command line, which every user of the machine can read.
 *
 *      plain     exported by the innermost shell of the host, from a file of mode 0600
 *      linker    LD_PRELOAD and the like would steer those programs: they travel under another name, and a shell of the image,
 *                inside the container, gives them their own
 *      shell     UID, IFS and the like mean something to a shell (bash makes some read-only): env(1) sets them, by its arguments
 */
export interface SortedEnvironment {
  readonly plain: ReadonlyMap<string, string>;
  readonly linker: ReadonlyMap<string, string>;
  readonly shell: ReadonlyMap<string, string>;
}

/** The dynamic linkers and C libraries (glibc, musl), and the libraries of util-linux, read these. */
const LINKER =
  /^(?:LD_.*|GLIBC_.*|MALLOC_.*|MUSL_.*|LIBMOUNT_.*|LIBBLKID_.*|LIBSMARTCOLS_.*|[ALUTM]SAN_.*|GCONV_PATH|GETCONF_DIR|LOCPATH|NLSPATH|OUTPUT_CHARSET|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS|RESOLV_.*|NIS_PATH)$/;

/** What dash, bash, ksh or busybox treat as more than a variable. Exact names: a prefix could catch somebody's MAIL_PASSWORD. */
const SHELL = new Set(
  [
    '_ IFS PWD OLDPWD UID EUID PPID SHLVL OPTIND OPTARG OPTERR PS1 PS2 PS3 PS4 ENV RANDOM SRANDOM SECONDS LINENO ATTY',
    'EPOCHSECONDS EPOCHREALTIME GROUPS DIRSTACK FUNCNAME FUNCNEST PIPESTATUS MAIL MAILCHECK MAILPATH GLOBIGNORE COPROC MAPFILE',
    'HISTCMD HISTCONTROL HISTFILE HISTFILESIZE HISTIGNORE HISTSIZE HISTTIMEFORMAT SHELLOPTS BASHOPTS BASHPID BASH',
    'BASH_ALIASES BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_COMMAND BASH_COMPAT BASH_ENV BASH_EXECUTION_STRING BASH_LINENO',
    'BASH_LOADABLES_PATH BASH_MONOSECONDS BASH_REMATCH BASH_SOURCE BASH_SUBSHELL BASH_TRAPSIG BASH_VERSINFO BASH_VERSION BASH_XTRACEFD',
    'COMP_CWORD COMP_LINE COMP_POINT COMP_TYPE COMP_KEY COMP_WORDBREAKS COMP_WORDS COMPREPLY',
  ].flatMap((names) => names.split(' ')),
);

export function sortEnvironment(env: Readonly<Record<string, string>>): SortedEnvironment {
  const sorted = { plain: new Map<string, string>(), linker: new Map<string, string>(), shell: new Map<string, string>() };
  for (const [name, value] of Object.entries(env)) sorted[kindOf(name, value)].set(name, value);
  return sorted;
}

/** gettext takes LANGUAGE for a part of a path, and what it finds there for format strings. */
function kindOf(name: string, value: string): keyof SortedEnvironment {
  if (LINKER.test(name) || (name === 'LANGUAGE' && value.includes('/'))) return 'linker';
  return SHELL.has(name) ? 'shell' : 'plain';
}

/** As one word of a POSIX shell. */
export function quoteWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
