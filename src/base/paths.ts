/**
 * Every path that Bulkhead itself chooses, in one place; nothing else joins these strings.
 *
 *   system   {root}/usr/local/libexec/bulkhead/plugin   {root}/usr/local/etc/bulkhead   {root}/var/lib/bulkhead   {root}/run/bulkhead
 *   user     ~/.local/libexec/bulkhead/plugin           (the same file)                 ~/.local/state/bulkhead   $XDG_RUNTIME_DIR/bulkhead
 *
 * {root} is BULKHEAD_ROOT, else empty. State and run directories belong to one uid and have mode 0700.
 */
import { homedir, tmpdir } from 'node:os';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

export interface Paths {
  /** System plugins, e.g. `/usr/local/libexec/bulkhead/plugin`. */
  readonly systemPlugins: string;
  /** The caller's own plugins, e.g. `/home/ann/.local/libexec/bulkhead/plugin`. */
  readonly userPlugins: string;
  /** Further plugin directories, from `BULKHEAD_PLUGIN_DIR`; first wins. */
  readonly extraPlugins: readonly string[];
  /** The operator's configuration, e.g. `/usr/local/etc/bulkhead/bulkhead.toml`. */
  readonly configFile: string;
  /** Keys that are trusted to sign plugins, of everybody, e.g. `/usr/local/etc/bulkhead/keys`. */
  readonly systemKeys: string;
  /** The caller's own, e.g. `/home/ann/.config/bulkhead/keys`. */
  readonly userKeys: string;
  /** What plugins keep between runs, of this uid, e.g. `/var/lib/bulkhead`. */
  readonly state: string;
  /** Images of containers, of this uid, e.g. `/var/lib/bulkhead/image-store`. */
  readonly images: string;
  /** Named volumes of this uid, e.g. `/var/lib/bulkhead/volumes`. */
  readonly volumes: string;
  /** Networks of this uid, e.g. `/var/lib/bulkhead/networks`. */
  readonly networks: string;
  /** Where the programs of CNI are, the first wins: those of the machine, not of `BULKHEAD_ROOT`. */
  readonly cni: readonly string[];
  /** Which plugins are in quarantine for this uid, e.g. `/var/lib/bulkhead/quarantine.json`. */
  readonly quarantineFile: string;
  /** Where specifications of devices are, the last one wins, e.g. `/etc/cdi`, `/var/run/cdi`. */
  readonly cdi: readonly string[];
  /** Sessions of running containers, of this uid; empty when nothing runs, e.g. `/run/bulkhead`. */
  readonly run: string;
  /** Containers of this uid: those that outlive their end, and the others, e.g. `/var/lib/bulkhead/containers`, `/run/bulkhead/containers`. */
  readonly containers: { readonly kept: string; readonly passing: string };
  /** Services of this uid: their registrations and logs, e.g. `/var/lib/bulkhead/services`; their sockets, e.g. `/run/bulkhead/services`; and what
   * plugins keep themselves, e.g. `/var/lib/bulkhead/plugin-state`. */
  readonly services: {
    readonly kept: string;
    readonly run: string;
    readonly pluginState: string;
    /** Where service managers look, e.g. `/etc/systemd/system`, `/run/systemd/system`; `/Library/LaunchDaemons`. */
    readonly managers: {
      readonly systemd: { readonly lasting: string; readonly passing: string };
      readonly launchd: { readonly lasting: string };
    };
  };
}

export interface PathsInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly home?: string;
}

/** Computes the paths; touches nothing. */
export function choosePaths({ env, uid, home = homedir() }: PathsInput): Paths {
  const root = env['BULKHEAD_ROOT'] ? resolve(env['BULKHEAD_ROOT']) : '/';
  const ownConfig = absolute(env['XDG_CONFIG_HOME']) ?? join(home, '.config');
  const ownState = absolute(env['XDG_STATE_HOME']) ?? join(home, '.local/state');
  const ownRun = absolute(env['XDG_RUNTIME_DIR']);
  const state = uid === 0 ? join(root, 'var/lib/bulkhead') : join(ownState, 'bulkhead');
  const run = uid === 0 ? join(root, 'run/bulkhead') : ownRun ? join(ownRun, 'bulkhead') : join(tmpdir(), `bulkhead-${uid}`);
  return {
    systemPlugins: join(root, 'usr/local/libexec/bulkhead/plugin'),
    userPlugins: join(home, '.local/libexec/bulkhead/plugin'),
    extraPlugins: (env['BULKHEAD_PLUGIN_DIR'] ?? '').split(delimiter).filter(isAbsolute),
    configFile: join(root, 'usr/local/etc/bulkhead/bulkhead.toml'),
    systemKeys: join(root, 'usr/local/etc/bulkhead/keys'),
    userKeys: join(ownConfig, 'bulkhead/keys'),
    state,
    images: join(state, 'image-store'),
    volumes: join(state, 'volumes'),
    networks: join(state, 'networks'),
    cni: ['/opt/cni/bin', '/usr/lib/cni', '/usr/libexec/cni'],
    quarantineFile: join(state, 'quarantine.json'),
    cdi: [join(root, 'etc/cdi'), join(root, 'var/run/cdi')],
    run,
    containers: { kept: join(state, 'containers'), passing: join(run, 'containers') },
    services: {
      kept: join(state, 'services'),
      run: join(run, 'services'),
      pluginState: join(state, 'plugin-state'),
      managers:
        uid === 0
          ? {
              systemd: { lasting: join(root, 'etc/systemd/system'), passing: join(root, 'run/systemd/system') },
              launchd: { lasting: join(root, 'Library/LaunchDaemons') },
            }
          : {
              // Without XDG_RUNTIME_DIR no systemd of the user can be reached either.
              systemd: { lasting: join(ownConfig, 'systemd/user'), passing: join(ownRun ?? run, 'systemd/user') },
              launchd: { lasting: join(home, 'Library/LaunchAgents') },
            },
    },
  };
}

/** XDG: "all paths set in these environment variables must be absolute", else ignored. */
function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
