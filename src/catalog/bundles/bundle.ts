/**
 * A plugin that is a directory: a program of any language, with a configuration that says what it is. Nobody installs it; whoever may
 * write into a plugin directory puts it there.
 *
 *   <plugin directory>/<name>/
 *     plugin.json, config.toml or config.json   what it is; two dialects (configuration.ts)
 *     bin/<name>                                the program
 *     resources/                                what it brings for itself, where it is there
 */

/** Kinds of services that a bundle may offer; a core or auxiliary one is there once, the others once per container or network. */
export const serviceTypes = ['runtime', 'network', 'core', 'auxiliary'] as const;
export type ServiceType = (typeof serviceTypes)[number];

/** A name becomes a path, a label and a word of the command line. */
export const namePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/i;

/** A bundle plugin, normalised from whichever dialect its configuration is in. */
export interface Bundle {
  /** The directory's; fits `namePattern`. */
  readonly name: string;
  /** Absolute. */
  readonly directory: string;
  /** Absolute path of bin/<name>. */
  readonly executable: string;
  /** Absolute, where there is a resources/ directory. */
  readonly resources?: string;
  readonly abstract: string;
  readonly author: string;
  readonly version?: string;
  /** Absent: a command, `bulkhead NAME …`. */
  readonly services?: {
    /** In the order declared. */
    readonly types: readonly ServiceType[];
    /** Registered when the daemon starts. */
    readonly loadAtBoot: boolean;
    /** Started as soon as it is registered, and not with the first connection. */
    readonly runAtLoad: boolean;
    readonly defaultArguments: readonly string[];
  };
  /** Its own section of the operator's configuration, `[plugin.<name>]`. */
  readonly settings: Readonly<Record<string, unknown>>;
}

const LABEL_PREFIX = 'com.bulkhead';

/** What a service manager knows an instance by, e.g. `com.bulkhead.hydra.1`. Without the type: one process may offer several. */
export function labelOf(name: string, instance?: string): string {
  return [LABEL_PREFIX, name, ...(instance === undefined ? [] : [instance])].join('.');
}

/** The name of the socket on which an instance answers for one type, e.g. `network.hydra.1.sock`. */
export function endpointName(type: ServiceType, name: string, instance?: string): string {
  return [type, name, ...(instance === undefined ? [] : [instance]), 'sock'].join('.');
}
