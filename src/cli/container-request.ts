/** What `run` and `create` ask for, and how what was typed is kept so that `start` can parse it again. */
import { Flags } from '@oclif/core';
import { resolve } from 'node:path';
import type { NewContainer, RunRequest } from '#wiring/wiring.js';
import { argumentsOf } from './arguments.js';
import { runPullFlags } from './pull-flags.js';
import { optionFlags, requestOptions } from './run-flags.js';

/** Of the container itself. */
export const configurationFlags = {
  bind: Flags.string({
    char: 'B',
    summary: 'Show a path of the host in the container',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'SRC[:DST[:ro,nosuid,nodev,noexec,optional]]',
  }),
  env: Flags.string({
    char: 'e',
    summary: 'Set a variable of the environment',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'K=V',
  }),
  hostname: Flags.string({ summary: 'Host name in the container', helpValue: 'NAME' }),
  cwd: Flags.string({ char: 'w', summary: 'Directory in which the command starts', helpValue: 'DIR', aliases: ['pwd'] }),
  'read-only': Flags.boolean({ summary: 'Make the root file system read-only' }),
  interactive: Flags.boolean({ char: 'i', summary: 'Keep standard input open, also where the container is detached' }),
  tty: Flags.boolean({ char: 't', summary: 'Give the command a terminal of its own' }),
  fakeroot: Flags.boolean({ summary: 'Be root inside the container, without being root outside' }),
  ...optionFlags,
  ...runPullFlags,
};

/** Of what is kept of it. */
export const keepingFlags = {
  name: Flags.string({ summary: 'Keep the container, under this name', helpValue: 'NAME' }),
  rm: Flags.boolean({ summary: 'Remove the container when it has ended' }),
  label: Flags.string({
    summary: 'What it is found by, with "bulkhead list --filter label=KEY"',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'KEY[=VALUE]',
  }),
};

interface Parsed {
  readonly args: { readonly image: string };
  readonly flags: Parameters<typeof requestOptions>[0] & {
    readonly bind?: string[] | undefined;
    readonly env?: string[] | undefined;
    readonly hostname?: string | undefined;
    readonly cwd?: string | undefined;
    readonly 'read-only'?: boolean;
    readonly fakeroot: boolean;
    readonly interactive: boolean;
    readonly tty: boolean;
    readonly runtime?: string | undefined;
    readonly 'security-opt'?: string[] | undefined;
  };
  readonly raw: Parameters<typeof argumentsOf>[0];
}

export function toRequest({ args, flags, raw }: Parsed): RunRequest {
  return {
    image: args.image,
    command: argumentsOf(raw).slice(1),
    binds: flags.bind ?? [],
    env: flags.env ?? [],
    hostname: flags.hostname,
    workingDirectory: flags.cwd,
    // oclif gives nothing for a flag that was not given, whatever its types say.
    readOnly: Boolean(flags['read-only']),
    fakeroot: flags.fakeroot,
    interactive: flags.interactive,
    terminal: flags.tty,
    options: requestOptions(flags),
    runtime: flags.runtime,
    securityOptions: flags['security-opt'],
  };
}

interface Kept {
  readonly name?: string | undefined;
  readonly rm?: boolean;
  readonly label?: readonly string[] | undefined;
  readonly runtime?: string | undefined;
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly 'plugin-dir'?: readonly string[] | undefined;
}

/** `words` are all that followed the command. */
export function toNewContainer(
  { name, rm, label = [], tty, interactive, runtime, 'plugin-dir': directories = [] }: Kept,
  words: readonly string[],
): NewContainer {
  return {
    ...(name === undefined ? {} : { name }),
    ...(label.length === 0 ? {} : { labels: Object.fromEntries(label.map(splitLabel)) }),
    autoRemove: Boolean(rm),
    tty: Boolean(tty),
    interactive: Boolean(interactive),
    ...(runtime === undefined ? {} : { runtime }),
    invocation: { words: [...words], pluginDirectories: directories.map((path) => resolve(path)), cwd: process.cwd() },
  };
}

/** Of several with one key the last counts; without a value it is empty. */
function splitLabel(label: string): [key: string, value: string] {
  const [key = '', ...value] = label.split('=');
  return [key, value.join('=')];
}
