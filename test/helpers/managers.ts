/**
 * Service managers of the system that are none: programs in the place of theirs, which write down how they were called and remember what
 * runs, and readers of the files that the real ones would read.
 */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface FakeTool {
  /** Where it is, and what it has written down. */
  readonly directory: string;
  /** How it was called, a line each. */
  calls(): Promise<string[]>;
  /** From now on it fails. */
  breakIt(): Promise<void>;
}

const HEAD = `#!/bin/sh
here=\${0%/*}
printf '%s\\n' "$*" >> "$here/calls"
[ ! -e "$here/broken" ] || { echo 'Failed to connect to bus: no such file' >&2; exit 1; }
`;

/** What is started is active until it is stopped. */
const SYSTEMCTL = `${HEAD}
while case "$1" in --*) true ;; *) false ;; esac; do shift; done
verb=$1; shift
case $verb in
  start) for unit; do case $unit in --*) ;; *) : > "$here/active $unit" ;; esac; done ;;
  stop) for unit; do rm -f "$here/active $unit"; done ;;
  show) for unit; do :; done
    [ -e "$here/active $unit" ] && printf 'ActiveState=active\\nSubState=running\\nMainPID=4711\\nNRestarts=0\\n' && exit
    [ -e "$here/failed $unit" ] && cat "$here/failed $unit" && exit
    printf 'ActiveState=inactive\\nSubState=dead\\nMainPID=0\\nNRestarts=0\\n' ;;
esac
`;

const LAUNCHCTL = `${HEAD}
verb=$1; label=\${2#*/*/}
case $verb in
  managername) echo Background ;;
  bootstrap) label=$(sed -n 's/.*<string>\\(com[.]bulkhead[.][^<]*\\)<.*/\\1/p' "$3" | head -n 1); : > "$here/loaded $label" ;;
  bootout) rm "$here/loaded $label" && rm -f "$here/active $label" ;;
  print) [ -e "$here/loaded $label" ] ;;
  kickstart) [ -e "$here/loaded $label" ] && : > "$here/active $label" ;;
  kill) label=\${3#*/*/}; rm "$here/active $label" ;;
  list) [ -e "$here/loaded $2" ] || exit 113
    [ -e "$here/active $2" ] && printf '{\\n\\t"PID" = 4711;\\n};\\n' || printf '{\\n\\t"LastExitStatus" = 0;\\n};\\n' ;;
esac
`;

export async function openFakeTool(name: 'systemctl' | 'launchctl', root: string): Promise<FakeTool> {
  const directory = join(root, 'tools');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, name), name === 'systemctl' ? SYSTEMCTL : LAUNCHCTL);
  await chmod(join(directory, name), 0o755);
  return {
    directory,
    calls: async () => (await readFile(join(directory, 'calls'), 'utf8').catch(() => '')).split('\n').filter(Boolean),
    breakIt: () => writeFile(join(directory, 'broken'), ''),
  };
}

/** What a program is started with. */
export interface Told {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
}

/** As systemd.service(5) and systemd.syntax(7) say it of what is in quotes. */
export function readUnit(text: string): Told & { readonly settings: readonly (readonly [string, string])[] } {
  const settings = text
    .split('\n')
    .filter((line) => /^\w+=/.test(line))
    .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  const all = (key: string): string[] => settings.filter(([one]) => one === key).map(([, value]) => value);
  const variables = all('Environment').flatMap((value) => unquote(value));
  return {
    settings,
    command: all('ExecStart').flatMap((value) => unquote(value).map((word) => word.replaceAll('$$', () => '$'))),
    environment: Object.fromEntries(variables.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)])),
    directory: (all('WorkingDirectory')[0] ?? '').replaceAll('%%', '%'),
  };
}

function unquote(value: string): string[] {
  return [...value.matchAll(/"((?:[^"\\]|\\.)*)"(?: |$)/g)].map(([, inner = '']) =>
    inner
      .replaceAll(/\\(?:x([0-9a-f]{2})|(.))/g, (_all, hex: string | undefined, plain: string | undefined) =>
        hex === undefined ? (plain ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
      )
      .replaceAll('%%', '%'),
  );
}

export type PlistValue = string | number | boolean | PlistValue[] | { [key: string]: PlistValue };

/** Of a property list in XML, what it says. */
export function readPlist(text: string): PlistValue {
  const tokens = [...text.slice(text.indexOf('<plist')).matchAll(/<(\/?)(\w+)[^>]*?(\/?)>([^<]*)/g)].map(
    ([, isEnd, name = '', isEmpty, after = '']) => ({ name, isEnd: isEnd === '/', isEmpty: isEmpty === '/', after }),
  );
  let next = 1;
  const take = (): (typeof tokens)[number] => {
    const token = tokens[next];
    next += 1;
    if (token === undefined) throw new Error(`it ends too early: ${text}`);
    return token;
  };
  const readValue = (): PlistValue => {
    const { name, isEmpty, after } = take();
    if (name === 'true' || name === 'false') return name === 'true';
    if (name === 'string' || name === 'integer' || name === 'key') {
      if (!isEmpty) take();
      return name === 'integer' ? Number(after) : unescapeXml(after);
    }
    const members: PlistValue[] = [];
    while (!isEmpty && tokens[next]?.isEnd === false) members.push(readValue());
    if (!isEmpty) take();
    if (name === 'array') return members;
    return Object.fromEntries(
      Array.from({ length: members.length / 2 }, (_none, at) => [String(members[2 * at]), members[2 * at + 1] ?? '']),
    );
  };
  return readValue();
}

function unescapeXml(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}
