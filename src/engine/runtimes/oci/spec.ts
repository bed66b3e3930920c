/**
 * The container as `config.json` of the OCI runtime specification; pure. What the chain has done already is not said again: the
 * mounts, the read-only root, what of /proc is covered, the host name, and the PID, IPC, UTS and network namespaces.
 */
import type { Caller } from '../../config.js';
import type { Limit, ResourceLimits } from '../../options.js';
import type { ContainerConfig } from '../../shapes.js';
import { CAPABILITIES } from '../../validate-options.js';
import { LIMITED_CAPABILITIES, type Identity } from '../identity.js';
import type { SeccompFilter, SeccompProfile } from './seccomp.js';

export interface ProcessRequest {
  readonly config: Pick<ContainerConfig, 'command' | 'env' | 'workingDirectory' | 'user' | 'capabilities' | 'rlimits'>;
  readonly identity: Identity;
  readonly caller: Pick<Caller, 'uid' | 'gid'>;
  /** Of the caller, which becomes the command's; in cells. */
  readonly terminal: { readonly rows: number; readonly columns: number } | undefined;
  /** The capabilities that there are to be kept, by name. */
  readonly available: ReadonlySet<string>;
  /** 0 to 0o777. The specification's own default would be 0022, whatever the caller's is. */
  readonly umask: number;
}

export interface SpecRequest extends ProcessRequest {
  readonly profile: SeccompProfile | undefined;
  /** The container's /dev as the chain sees it, for programs that would else fill it themselves. */
  readonly devices: string | undefined;
}

interface IdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

interface Rlimit {
  readonly type: string;
  readonly soft: number | string;
  readonly hard: number | string;
}

/** The fields that are used, of many more. */
export interface Spec {
  readonly ociVersion: '1.0.2';
  readonly process: {
    readonly terminal: boolean;
    readonly consoleSize?: { readonly height: number; readonly width: number };
    readonly user: { readonly uid: number; readonly gid: number; readonly umask: number };
    readonly args: readonly string[];
    readonly env: readonly string[];
    readonly cwd: string;
    readonly noNewPrivileges: true;
    readonly capabilities: Readonly<Record<'bounding' | 'effective' | 'permitted' | 'inheritable' | 'ambient', readonly string[]>>;
    readonly rlimits?: readonly Rlimit[];
  };
  readonly root: { readonly path: 'root' };
  readonly mounts: readonly {
    readonly destination: string;
    readonly type: 'bind';
    readonly source: string;
    readonly options: readonly string[];
  }[];
  readonly linux: {
    readonly namespaces: readonly { readonly type: 'mount' | 'user' | 'cgroup' | 'ipc' | 'network' }[];
    readonly uidMappings?: readonly IdMapping[];
    readonly gidMappings?: readonly IdMapping[];
    readonly seccomp?: SeccompFilter;
    readonly maskedPaths?: readonly string[];
    readonly readonlyPaths?: readonly string[];
  };
}

export function composeSpec({ profile, devices, ...request }: SpecRequest): Spec {
  const { identity } = request;
  const process = composeProcess(request);
  const { user, capabilities } = process;
  // The ids of the chain's user namespace, in which the caller is 0.
  const mapBack = (id: number): readonly IdMapping[] => [{ containerID: id, hostID: 0, size: 1 }];
  return {
    ociVersion: '1.0.2',
    process,
    root: { path: 'root' },
    mounts: devices === undefined ? [] : [{ destination: '/dev', type: 'bind', source: devices, options: ['rbind'] }],
    linux: {
      namespaces: [{ type: 'mount' }, ...(identity === 'user' ? [{ type: 'user' as const }] : [])],
      ...(identity === 'user' ? { uidMappings: mapBack(user.uid), gidMappings: mapBack(user.gid) } : {}),
      ...(profile === undefined ? {} : { seccomp: profile(capabilities.effective) }),
    },
  };
}

/** Also of a further command, which has no more rights than the first. */
export function composeProcess({ config, identity, caller, terminal, available, umask }: ProcessRequest): Spec['process'] {
  const { uid, gid } = identity === 'user' ? (config.user ?? caller) : (config.user ?? { uid: 0, gid: 0 });
  const own = uid === 0 ? keepCapabilities(config.capabilities, available) : [];
  const rlimits = listLimits(config.rlimits);
  return {
    terminal: terminal !== undefined,
    ...(terminal === undefined ? {} : { consoleSize: { height: terminal.rows, width: terminal.columns } }),
    user: { uid, gid, umask },
    args: config.command,
    env: Object.entries(config.env).map(([name, value]) => `${name}=${value}`),
    cwd: config.workingDirectory,
    noNewPrivileges: true,
    capabilities: { bounding: own, effective: own, permitted: own, inheritable: [], ambient: [] },
    ...(rlimits.length === 0 ? {} : { rlimits }),
  };
}

/** As the launcher of the embedded runtime has it, but for what that one needs itself. */
function keepCapabilities({ all, ...single }: Readonly<Record<string, boolean>> = {}, available: ReadonlySet<string>): string[] {
  const first = all === undefined ? LIMITED_CAPABILITIES : all ? CAPABILITIES : [];
  const added = Object.keys(single).filter((name) => single[name] === true);
  const kept = [...new Set([...first, ...added])].filter((name) => single[name] !== false && available.has(name));
  return kept.map((name) => `CAP_${name.toUpperCase()}`);
}

/** The kernel's highest number, which JavaScript's numbers do not reach: put in where this stands. No text of a spec can have NUL in it. */
const UNLIMITED = '18446744073709551615';
export const UNLIMITED_MARK = '\0unlimited';

function listLimits(rlimits: ResourceLimits = {}): Rlimit[] {
  const toNumber = (limit: Limit): number | string => (limit === 'unlimited' ? UNLIMITED_MARK : limit);
  return Object.entries(rlimits).flatMap(([name, limit]) =>
    limit === undefined ? [] : [{ type: `RLIMIT_${name.toUpperCase()}`, soft: toNumber(limit.soft), hard: toNumber(limit.hard) }],
  );
}

export function renderSpec(spec: Spec | Spec['process']): string {
  return `${JSON.stringify(spec, undefined, 1).replaceAll(JSON.stringify(UNLIMITED_MARK), UNLIMITED)}\n`;
}
