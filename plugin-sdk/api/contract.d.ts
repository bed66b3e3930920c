// Written by `npm run api`; do not edit.
export type commandInput = {
  name: string;
  args: string[];
  flags: { [x: string]: string | number | boolean | { [x: string]: string } | (string | number)[] };
};

export type commandAnswer = number | undefined;

export type beforeCommandInput = {
  command: string;
  args: string[];
  flags: { [x: string]: string | number | boolean | { [x: string]: string } | (string | number)[] };
  commandFlags: { [x: string]: string | number | boolean | { [x: string]: string } | (string | number)[] };
};

export type beforeCommandAnswer =
  | {
      flags?: { [x: string]: string | number | boolean | { [x: string]: string } | (string | number)[] } | undefined;
      commandFlags?: { [x: string]: string | number | boolean | { [x: string]: string } | (string | number)[] } | undefined;
      abort?: { message: string; exitCode?: number | undefined } | undefined;
    }
  | undefined;

export type afterCommandInput = {
  command: string;
  args: string[];
  flags: { [x: string]: string | number | boolean | { [x: string]: string } | (string | number)[] };
  exitCode: number;
  outcome: 'ended' | 'aborted' | 'failed';
  reason?: string | undefined;
  runMs?: number | undefined;
  data?: { [x: string]: unknown } | undefined;
};

export type afterCommandAnswer = undefined;

export type engineConfigInput = {
  config: {
    hostname?: string | undefined;
    home?:
      | { type: 'none' }
      | { type: 'bind'; source: string; destination: string; readOnly?: boolean | undefined }
      | { type: 'tmpfs'; destination: string; sizeBytes?: number | undefined }
      | undefined;
    workdir?: string | undefined;
    rootSizeBytes?: number | undefined;
    umask?: number | undefined;
    rlimits?:
      | {
          as?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          core?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          cpu?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          data?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          fsize?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          locks?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          memlock?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          msgqueue?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          nice?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          nofile?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          nproc?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          rss?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          rtprio?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          rttime?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          sigpending?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          stack?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
        }
      | undefined;
    user?: { uid: number; gid: number } | undefined;
    capabilities?: { [x: string]: boolean } | undefined;
    network?: 'none' | 'host' | undefined;
    dns?: { servers?: string[] | undefined; search?: string[] | undefined; options?: string[] | undefined } | undefined;
    hosts?: { [x: string]: string } | undefined;
    namespaces?:
      { ipc?: 'private' | 'host' | undefined; uts?: 'private' | 'host' | undefined; user?: 'private' | 'host' | undefined } | undefined;
    devices?: { path: string; destination?: string | undefined; optional?: boolean | undefined }[] | undefined;
    cdi?: string[] | undefined;
    limits?: { memoryBytes?: number | undefined; cpus?: number | undefined; pids?: number | undefined } | undefined;
    image: string;
    command: string[];
    env: { [x: string]: string };
    mounts: (
      | {
          type: 'bind';
          source: string;
          destination: string;
          readOnly?: boolean | undefined;
          optional?: boolean | undefined;
          options?: ('nosuid' | 'nodev' | 'noexec')[] | undefined;
        }
      | { type: 'tmpfs'; destination: string; sizeBytes?: number | undefined }
    )[];
    workingDirectory: string;
    readOnly: boolean;
  };
  flags?: { [x: string]: string | number | boolean | { [x: string]: string } | (string | number)[] } | undefined;
};

export type engineConfigAnswer =
  | {
      data?: { [x: string]: unknown } | undefined;
      hostname?: string | undefined;
      home?:
        | { type: 'none' }
        | { type: 'bind'; source: string; destination: string; readOnly?: boolean | undefined }
        | { type: 'tmpfs'; destination: string; sizeBytes?: number | undefined }
        | undefined;
      workdir?: string | undefined;
      rootSizeBytes?: number | undefined;
      umask?: number | undefined;
      rlimits?:
        | {
            as?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
            core?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
            cpu?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
            data?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
            fsize?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
            locks?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
            memlock?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
            msgqueue?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
            nice?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
            nofile?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
            nproc?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
            rss?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
            rtprio?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
            rttime?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
            sigpending?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
            stack?: { soft: number | 'unlimited'; hard: number | 'unlimited' } | undefined;
          }
        | undefined;
      user?: { uid: number; gid: number } | undefined;
      capabilities?: { [x: string]: boolean } | undefined;
      network?: 'none' | 'host' | undefined;
      dns?: { servers?: string[] | undefined; search?: string[] | undefined; options?: string[] | undefined } | undefined;
      hosts?: { [x: string]: string } | undefined;
      namespaces?:
        { ipc?: 'private' | 'host' | undefined; uts?: 'private' | 'host' | undefined; user?: 'private' | 'host' | undefined } | undefined;
      devices?: { path: string; destination?: string | undefined; optional?: boolean | undefined }[] | undefined;
      cdi?: string[] | undefined;
      limits?: { memoryBytes?: number | undefined; cpus?: number | undefined; pids?: number | undefined } | undefined;
      image?: string | undefined;
      mounts?:
        | (
            | {
                type: 'bind';
                source: string;
                destination: string;
                readOnly?: boolean | undefined;
                optional?: boolean | undefined;
                options?: ('nosuid' | 'nodev' | 'noexec')[] | undefined;
              }
            | { type: 'tmpfs'; destination: string; sizeBytes?: number | undefined }
          )[]
        | undefined;
      env?: { [x: string]: string | null } | undefined;
      command?: string[] | undefined;
      workingDirectory?: string | undefined;
      readOnly?: boolean | undefined;
    }
  | undefined;

export type postStartProcessInput = {
  container: { id: string; image: string; command: string[]; pid: number; startedAt: number; uid: number };
  data?: { [x: string]: unknown } | undefined;
};

export type postStartProcessAnswer = undefined;

export type monitorContainerInput = {
  container: { id: string; image: string; command: string[]; pid: number; startedAt: number; uid: number };
  event:
    | { type: 'start' }
    | { type: 'sample'; memoryBytes: number; peakMemoryBytes: number; cpuMs: number; runMs: number }
    | { type: 'signal'; signal: string }
    | { type: 'exit'; exitCode: number; runMs: number };
  data?: { [x: string]: unknown } | undefined;
};

export type monitorContainerAnswer =
  | { action: 'forward' }
  | { action: 'swallow' }
  | {
      action: 'replace';
      signal:
        | 'SIGHUP'
        | 'SIGINT'
        | 'SIGQUIT'
        | 'SIGILL'
        | 'SIGTRAP'
        | 'SIGABRT'
        | 'SIGBUS'
        | 'SIGFPE'
        | 'SIGKILL'
        | 'SIGUSR1'
        | 'SIGSEGV'
        | 'SIGUSR2'
        | 'SIGPIPE'
        | 'SIGALRM'
        | 'SIGTERM'
        | 'SIGXCPU'
        | 'SIGXFSZ'
        | 'SIGVTALRM'
        | 'SIGPROF'
        | 'SIGIO'
        | 'SIGPWR'
        | 'SIGSYS'
        | 'SIGCHLD'
        | 'SIGCONT'
        | 'SIGSTOP'
        | 'SIGTSTP'
        | 'SIGTTIN'
        | 'SIGTTOU'
        | 'SIGURG'
        | 'SIGWINCH';
    }
  | { action: 'exit'; exitCode: number }
  | {
      action: 'raise';
      signal:
        | 'SIGHUP'
        | 'SIGINT'
        | 'SIGQUIT'
        | 'SIGILL'
        | 'SIGTRAP'
        | 'SIGABRT'
        | 'SIGBUS'
        | 'SIGFPE'
        | 'SIGKILL'
        | 'SIGUSR1'
        | 'SIGSEGV'
        | 'SIGUSR2'
        | 'SIGPIPE'
        | 'SIGALRM'
        | 'SIGTERM'
        | 'SIGXCPU'
        | 'SIGXFSZ'
        | 'SIGVTALRM'
        | 'SIGPROF'
        | 'SIGIO'
        | 'SIGPWR'
        | 'SIGSYS';
    }
  | undefined;

export type registerImageDriverInput = { scheme: string; reference: string };

export type registerImageDriverAnswer =
  | {
      mounts: (
        | {
            type: 'bind';
            source: string;
            destination: string;
            readOnly?: boolean | undefined;
            optional?: boolean | undefined;
            options?: ('nosuid' | 'nodev' | 'noexec')[] | undefined;
          }
        | { type: 'tmpfs'; destination: string; sizeBytes?: number | undefined }
      )[];
      links?: { [x: string]: string } | undefined;
      env?: { [x: string]: string } | undefined;
      command?: string[] | undefined;
      type?: 'plan' | undefined;
    }
  | { env?: { [x: string]: string } | undefined; command?: string[] | undefined; type: 'directory'; path: string }
  | {
      env?: { [x: string]: string } | undefined;
      command?: string[] | undefined;
      type: 'program';
      program: string;
      args: string[];
      readyMs?: number | undefined;
    }
  | {
      env?: { [x: string]: string } | undefined;
      command?: string[] | undefined;
      type: 'stream';
      format: 'squashfs' | 'tar' | 'tar.gz';
      handle: string;
      sizeBytes?: number | undefined;
    };

export type installInput = { scope: 'user' | 'system' };

export type installAnswer = undefined;

export type upgradeInput = { scope: 'user' | 'system'; from: string; to: string };

export type upgradeAnswer = undefined;

export type uninstallInput = { scope: 'user' | 'system' };

export type uninstallAnswer = undefined;

export type mountImageInput =
  | { feature: 'squashfs'; image: string; path: string; offset: number; sizeBytes: number; privileged: boolean }
  | { feature: 'ext3'; image: string; path: string; offset: number; sizeBytes: number; privileged: boolean }
  | { feature: 'overlay'; image: string; writable: boolean; privileged: boolean };

export type mountImageAnswer =
  | { type: 'program'; program: string; args: string[]; readyMs?: number | undefined }
  | { type: 'directory'; path: string }
  | { type: 'kernel' };

export type readImageInput = { scheme: string; handle: string; offset: number };

export type readImageAnswer = { bytes: Uint8Array<ArrayBufferLike>; last: boolean };

export type imageDriverEventInput = {
  event: { type: 'start'; image: string } | { type: 'error'; image: string; why: string } | { type: 'stop'; image: string };
};

export type imageDriverEventAnswer = undefined;

export type userMappingInput = {
  uid: number;
  gid: number;
  owned: { uids: { first: number; count: number }[]; gids: { first: number; count: number }[] };
};

export type userMappingAnswer =
  { uids: { inside: number; outside: number; count: number }[]; gids: { inside: number; outside: number; count: number }[] } | undefined;

export type runtimeInput = {
  runtime: string;
  container: { id: string; image: string; identity: 'user' | 'root' | 'fakeroot' };
  config: {
    process: {
      terminal: boolean;
      user: { uid: number; gid: number; umask: number };
      args: string[];
      envNames: string[];
      cwd: string;
      capabilities: string[];
      rlimits: { type: string; soft: number | 'unlimited'; hard: number | 'unlimited' }[];
    };
    linux: { namespaces: ('user' | 'mount')[]; seccomp: boolean };
  };
};

export type runtimeAnswer =
  | {
      program: string;
      args?: string[] | undefined;
      like?: 'crun' | 'runc' | undefined;
      wrapper?: { program: string; args: string[] } | undefined;
      changes?:
        | {
            dropCapabilities?: string[] | undefined;
            refuseSystemCalls?: string[] | undefined;
            hide?: string[] | undefined;
            readOnly?: string[] | undefined;
            namespaces?: ('ipc' | 'network' | 'cgroup')[] | undefined;
          }
        | undefined;
    }
  | { refuse: string };

export type networkInput =
  | {
      provider: string;
      network: {
        name: string;
        subnet?: string | undefined;
        gateway?: string | undefined;
        internal: boolean;
        labels: { [x: string]: string };
        options: { [x: string]: string };
      };
      operation: 'create';
    }
  | {
      container: { id: string; name?: string | undefined };
      wish: { ip?: string | undefined; mac?: string | undefined; mtu?: number | undefined };
      ports: { hostAddress?: string | undefined; hostPort: number; containerPort: number; protocol: 'tcp' | 'udp' }[];
      provider: string;
      network: {
        name: string;
        subnet?: string | undefined;
        gateway?: string | undefined;
        internal: boolean;
        labels: { [x: string]: string };
        options: { [x: string]: string };
      };
      operation: 'attach';
    }
  | {
      container: { id: string; name?: string | undefined };
      provider: string;
      network: {
        name: string;
        subnet?: string | undefined;
        gateway?: string | undefined;
        internal: boolean;
        labels: { [x: string]: string };
        options: { [x: string]: string };
      };
      operation: 'detach';
    }
  | {
      provider: string;
      network: {
        name: string;
        subnet?: string | undefined;
        gateway?: string | undefined;
        internal: boolean;
        labels: { [x: string]: string };
        options: { [x: string]: string };
      };
      operation: 'delete';
    };

export type networkAnswer =
  | {
      cni: (
        | {
            mtu?: number | undefined;
            ipam?:
              | {
                  type: 'host-local';
                  ranges?:
                    | { subnet: string; rangeStart?: string | undefined; rangeEnd?: string | undefined; gateway?: string | undefined }[][]
                    | undefined;
                  routes?: { dst: string; gw?: string | undefined }[] | undefined;
                }
              | {
                  type: 'static';
                  addresses: { address: string; gateway?: string | undefined }[];
                  routes?: { dst: string; gw?: string | undefined }[] | undefined;
                }
              | undefined;
            type: 'bridge';
            bridge?: string | undefined;
            vlan?: number | undefined;
          }
        | {
            mtu?: number | undefined;
            ipam?:
              | {
                  type: 'host-local';
                  ranges?:
                    | { subnet: string; rangeStart?: string | undefined; rangeEnd?: string | undefined; gateway?: string | undefined }[][]
                    | undefined;
                  routes?: { dst: string; gw?: string | undefined }[] | undefined;
                }
              | {
                  type: 'static';
                  addresses: { address: string; gateway?: string | undefined }[];
                  routes?: { dst: string; gw?: string | undefined }[] | undefined;
                }
              | undefined;
            type: 'macvlan';
            master: string;
            mode?: 'private' | 'bridge' | 'vepa' | 'passthru' | undefined;
          }
        | {
            mtu?: number | undefined;
            ipam?:
              | {
                  type: 'host-local';
                  ranges?:
                    | { subnet: string; rangeStart?: string | undefined; rangeEnd?: string | undefined; gateway?: string | undefined }[][]
                    | undefined;
                  routes?: { dst: string; gw?: string | undefined }[] | undefined;
                }
              | {
                  type: 'static';
                  addresses: { address: string; gateway?: string | undefined }[];
                  routes?: { dst: string; gw?: string | undefined }[] | undefined;
                }
              | undefined;
            type: 'ipvlan';
            master: string;
            mode?: 'l2' | 'l3' | 'l3s' | undefined;
          }
        | { type: 'portmap'; snat?: boolean | undefined }
        | {
            type: 'bandwidth';
            ingressRate?: number | undefined;
            ingressBurst?: number | undefined;
            egressRate?: number | undefined;
            egressBurst?: number | undefined;
          }
      )[];
    }
  | { addresses: 'own' }
  | { refuse: string }
  | undefined;

export type logInput = { level: 'warning' | 'info' | 'debug' | 'error'; message: string };

export type logOutput = undefined;

export type printInput = { text: string };

export type printOutput = undefined;

export type storeGetInput = { key: string };

export type storeGetOutput = string | undefined;

export type storeSetInput = { key: string; value: string };

export type storeSetOutput = undefined;

export type storeDeleteInput = { key: string };

export type storeDeleteOutput = undefined;

export type storeKeysInput = {};

export type storeKeysOutput = string[];

export type envInput = { name: string };

export type envOutput = string | undefined;

export type readFileInput = { path: string };

export type readFileOutput = string;

export type writeFileInput = { path: string; text: string };

export type writeFileOutput = undefined;

export type fetchInput = {
  url: string;
  method: 'GET' | 'HEAD' | 'POST';
  headers: { [x: string]: string };
  body?: { type: 'text'; text: string } | { type: 'bytes'; characters: string } | undefined;
  responseType: 'bytes' | 'text';
};

export type fetchOutput = {
  status: number;
  url: string;
  headers: { [x: string]: string };
  body: { type: 'text'; text: string } | { type: 'bytes'; characters: string };
};

export type execInput = { program: string; args: string[]; stdin?: string | undefined };

export type execOutput = { exitCode?: number | undefined; signal?: string | undefined; stdout: string; stderr: string };

export type container = unknown.signalInput;

export type container = unknown.signalOutput;

export type container = unknown.statsInput;

export type container = unknown.statsOutput;

export type syslogInput = {
  facility: 'user' | 'daemon' | 'local0' | 'local1' | 'local2' | 'local3' | 'local4' | 'local5' | 'local6' | 'local7';
  severity: 'err' | 'warning' | 'notice' | 'info' | 'debug';
  message: string;
};

export type syslogOutput = undefined;
