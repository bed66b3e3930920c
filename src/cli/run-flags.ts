/** The flags of `bulkhead run` beyond the essentials, one per field of the configuration, and what becomes of them. */
import { Flags } from '@oclif/core';
import type { OptionRequest } from '#wiring/wiring.js';

const several = { multiple: true, multipleNonGreedy: true } as const;
const [files, who, isolation, resources] = ['FILE SYSTEM', 'IDENTITY', 'ISOLATION', 'RESOURCES'];

export const optionFlags = {
  mount: Flags.string({
    ...several,
    summary: 'A path of the host, a volume, or memory, as docker writes it',
    helpValue: 'type=bind|volume|tmpfs,source=SRC,target=DST[,readonly]',
    helpGroup: files,
  }),
  volume: Flags.string({
    ...several,
    char: 'v',
    summary: 'A named volume, or a path of the host where SRC holds a "/"',
    helpValue: 'SRC:DST[:ro]',
    helpGroup: files,
  }),
  scratch: Flags.string({
    ...several,
    char: 'S',
    summary: 'An empty directory, in memory or in the work directory',
    helpValue: 'DIR[:SIZE]',
    helpGroup: files,
  }),
  tmpfs: Flags.string({ ...several, summary: 'An empty directory in memory', helpValue: 'DIR[:SIZE]', helpGroup: files }),
  overlay: Flags.string({
    ...several,
    summary: 'Keep what is written in a directory, or lay one, or a file system in a file, over the image, the last on top',
    helpValue: 'DIR[:ro]|FILE:ro',
    helpGroup: files,
  }),
  workdir: Flags.string({ char: 'W', summary: 'Keep /tmp, /var/tmp and scratch directories in it', helpValue: 'DIR', helpGroup: files }),
  home: Flags.string({
    char: 'H',
    summary: 'Where HOME is: none, bind (your own), a directory, or memory',
    helpValue: 'none|bind|SRC[:DST]|tmpfs:DST',
    helpGroup: files,
  }),
  'root-size': Flags.string({ summary: 'How much may be written over the image, in memory', helpValue: 'SIZE', helpGroup: files }),
  device: Flags.string({
    ...several,
    summary: 'Show a device of the host, by path or by CDI',
    helpValue: 'PATH[:DST]|VENDOR/CLASS=NAME',
    helpGroup: files,
  }),
  'env-file': Flags.string({ ...several, summary: 'Set the variables of a file of NAME=VALUE lines', helpValue: 'FILE' }),
  'unset-env': Flags.string({ ...several, summary: 'Leave a variable out', helpValue: 'NAME' }),
  cleanenv: Flags.boolean({ summary: 'Leave out TERM and the variables of the image' }),
  entrypoint: Flags.string({ summary: "Run this instead of the image's own command; COMMAND are its arguments", helpValue: 'PROGRAM' }),
  umask: Flags.string({ summary: 'File mode creation mask', helpValue: 'OCTAL', helpGroup: who }),
  user: Flags.string({
    summary: 'Who the command is inside, by number or as the image names it',
    helpValue: 'USER[:GROUP]',
    helpGroup: who,
  }),
  'add-caps': Flags.string({
    ...several,
    aliases: ['cap-add'],
    summary: 'Give root inside a capability, or all',
    helpValue: 'NAME,…',
    helpGroup: who,
  }),
  'drop-caps': Flags.string({
    ...several,
    aliases: ['cap-drop'],
    summary: 'Take a capability, or all, from root inside',
    helpValue: 'NAME,…',
    helpGroup: who,
  }),
  'keep-privs': Flags.boolean({ summary: 'Let root keep all capabilities', exclusive: ['no-privs'], helpGroup: who }),
  'no-privs': Flags.boolean({ summary: 'Take all capabilities from root', helpGroup: who }),
  'security-opt': Flags.string({
    ...several,
    summary: 'Which system calls crun and runc let through; no-new-privileges is always so',
    helpValue: 'no-new-privileges|seccomp=unconfined|seccomp=FILE',
    helpGroup: isolation,
  }),
  runtime: Flags.string({
    summary: 'What starts the command: embedded where absent, or an OCI runtime',
    helpValue: 'embedded|crun|runc|NAME|PATH',
    helpGroup: isolation,
  }),
  network: Flags.string({
    ...several,
    summary: "The host's network, none, or one of a name; see bulkhead network create",
    helpValue: 'host|none|NAME[,ip=ADDRESS,mac=ADDRESS,mtu=BYTES]',
    helpGroup: isolation,
  }),
  publish: Flags.string({
    ...several,
    char: 'p',
    summary: "Lead a port of the host to one of the container's, in its first network",
    helpValue: '[ADDRESS:]HOST:CONTAINER[/tcp|udp]',
    helpGroup: isolation,
  }),
  dns: Flags.string({ ...several, summary: 'Name servers to ask', helpValue: 'ADDRESS,…', helpGroup: isolation }),
  'dns-search': Flags.string({ ...several, summary: 'Domains to search names in', helpValue: 'DOMAIN,…', helpGroup: isolation }),
  'add-host': Flags.string({ ...several, summary: 'Add a line to /etc/hosts', helpValue: 'NAME:ADDRESS', helpGroup: isolation }),
  ipc: Flags.string({ summary: 'Which IPC namespace; private where absent', helpValue: 'private|host', helpGroup: isolation }),
  uts: Flags.string({ summary: 'Which UTS namespace; private where absent', helpValue: 'private|host', helpGroup: isolation }),
  pid: Flags.string({ summary: 'Which process namespace; only private is possible', helpValue: 'private', helpGroup: isolation }),
  userns: Flags.boolean({ char: 'u', summary: 'A user namespace also for root', helpGroup: isolation }),
  ulimit: Flags.string({ ...several, summary: 'A resource limit of each process', helpValue: 'NAME=SOFT[:HARD]', helpGroup: resources }),
  memory: Flags.string({ summary: 'Memory of the container', helpValue: 'SIZE', helpGroup: resources }),
  cpus: Flags.string({ summary: 'Processors of the container, as in 0.5', helpValue: 'N', helpGroup: resources }),
  'pids-limit': Flags.string({ summary: 'Processes of the container', helpValue: 'N', helpGroup: resources }),
};

/** The values of these flags, as oclif answers them. */
interface OptionValues {
  readonly [Name: string]: string | boolean | readonly string[] | undefined;
}

export function requestOptions(flags: OptionValues): OptionRequest {
  const text = (name: keyof typeof optionFlags): string | undefined => flags[name] as string | undefined;
  const texts = (name: keyof typeof optionFlags): readonly string[] => (flags[name] as readonly string[] | undefined) ?? [];
  return {
    scratch: texts('scratch'),
    tmpfs: texts('tmpfs'),
    overlays: texts('overlay'),
    mounts: texts('mount'),
    volumes: texts('volume'),
    entrypoint: text('entrypoint'),
    workdir: text('workdir'),
    home: text('home'),
    rootSize: text('root-size'),
    devices: texts('device'),
    envFiles: texts('env-file'),
    unsetEnv: texts('unset-env'),
    cleanEnv: flags['cleanenv'] === true,
    umask: text('umask'),
    user: text('user'),
    addCapabilities: [...texts('add-caps'), ...(flags['keep-privs'] === true ? ['all'] : [])],
    dropCapabilities: [...texts('drop-caps'), ...(flags['no-privs'] === true ? ['all'] : [])],
    networks: texts('network'),
    publish: texts('publish'),
    dns: texts('dns'),
    dnsSearch: texts('dns-search'),
    hosts: texts('add-host'),
    ipc: text('ipc'),
    uts: text('uts'),
    pid: text('pid'),
    userns: flags['userns'] === true,
    rlimits: texts('ulimit'),
    memory: text('memory'),
    cpus: text('cpus'),
    pids: text('pids-limit'),
  };
}
