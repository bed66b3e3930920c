import type { GenericSchema, InferOutput } from 'valibot';
import type { Permissions } from './contract/description.js';

/** What a plugin declares, as literal types: with them, `host.env('HOME')` is a compile error unless `permissions.env` names it. */
export type DeclaredPermissions = { readonly [Key in keyof Permissions]: readonly NonNullable<Permissions[Key]>[number][] };

/** What the declaration of one kind names; never where it names nothing. */
export type Declared<P extends DeclaredPermissions, Key extends keyof Permissions> =
  NonNullable<P[Key]> extends readonly (infer Item)[] ? Item : never;

/** The powers as an author sees them: the second argument of every callback. They work until the call ends. */
export interface Host<P extends DeclaredPermissions = DeclaredPermissions, C extends GenericSchema = GenericSchema> {
  /** What the operator set, by the schema of `configuration`, with its defaults. */
  readonly configuration: InferOutput<C>;
  /** Lines in the log of the command, under the plugin's name. At most 4 KiB each. */
  readonly log: {
    debug(message: string): void;
    info(message: string): void;
    warning(message: string): void;
    error(message: string): void;
  };
  /** Text by key, kept between runs, of this plugin and this user alone. At most 256 keys of 64 KiB. */
  readonly store: {
    get(key: string): Promise<string | undefined>;
    set(key: string, value: string): Promise<void>;
    delete(key: string): Promise<void>;
    keys(): Promise<string[]>;
  };
  /** A variable of the caller's environment; `permissions.env` must name it. */
  env(name: Declared<P, 'env'>): string | undefined;
  /** A text file of the host, at most 1 MiB; `permissions.readFile` must name it or a directory above it. */
  readFile(path: [Declared<P, 'readFile'>] extends [never] ? never : string): Promise<string>;
  /**
   * Writes a text file of the host whole, or not at all, at most 1 MiB; `permissions.writeFile` must name it or a directory above it.
   * A new file has mode 0644 without what the caller's umask takes; one that is replaced keeps its mode and, where possible, its owner.
   */
  writeFile(path: [Declared<P, 'writeFile'>] extends [never] ? never : string, text: string): Promise<void>;
  /**
   * Asks a server that `permissions.fetch` names, by https unless it says `http://`. Follows at most five redirects, to granted servers
   * alone. Fails after 30 s, for more than 1 MiB, and where a name leads to an address that is not public and was not granted itself.
   */
  fetch(url: [Declared<P, 'fetch'>] extends [never] ? never : string, options?: FetchOptions<'text'>): Promise<FetchAnswer<string>>;
  fetch(url: [Declared<P, 'fetch'>] extends [never] ? never : string, options: FetchOptions<'bytes'>): Promise<FetchAnswer<Uint8Array>>;
  /**
   * Runs a program that `permissions.exec` names; no shell, so that an argument is an argument. It runs in `/` as the caller, with the
   * variables that `permissions.env` names, a fixed PATH and LANG=C. Fails after 30 s, and where it writes more than 1 MiB to a stream.
   */
  exec(program: Declared<P, 'exec'>, args?: readonly string[], options?: { readonly stdin?: string }): Promise<ExecAnswer>;
  /** The container of this run; in callbacks from its start to its exit. Fails before and after, and in commands. */
  readonly container: {
    /** Sends a signal to its command; `permissions['container.signal']` must name it. */
    signal(signal: Declared<P, 'container.signal'>): Promise<void>;
    /** What all of its processes use, as far as `permissions['container.stats']` says; taken anew ten times a second at most. */
    stats(): Promise<ContainerStats<Declared<P, 'container.stats'> & StatName>>;
  };
  /**
   * Writes a line to the host's system log, tagged with `bulkhead/` and the plugin's name. Facility `user` and severity `info` where
   * absent; `permissions.syslog` must name the facility. At most 2048 characters; control characters are shown as text.
   */
  syslog(
    message: [Declared<P, 'syslog'>] extends [never] ? never : string,
    options?: { readonly facility?: Declared<P, 'syslog'>; readonly severity?: 'err' | 'warning' | 'notice' | 'info' | 'debug' },
  ): Promise<void>;
}

type StatName = 'memory' | 'cpu' | 'pids';

/** What was granted of it. */
export type ContainerStats<Granted extends StatName> = {
  readonly [Name in Granted as { memory: 'memoryBytes'; cpu: 'cpuMs'; pids: 'pids' }[Name]]: number;
};

/** What `host.fetch` takes besides the URL. */
export interface FetchOptions<Type extends 'text' | 'bytes' = 'text' | 'bytes'> {
  /** GET where absent. */
  readonly method?: 'GET' | 'HEAD' | 'POST';
  /** At most 64, ASCII; not `cookie`, and none that belongs to the connection. Redirects to another server take no secrets along. */
  readonly headers?: Readonly<Record<string, string>>;
  /** With POST alone; at most 1 MiB. */
  readonly body?: string | Uint8Array;
  /** What `body` of the answer is; text, read as UTF-8, where absent. */
  readonly responseType?: Type;
}

/** What a server said, whatever its status. */
export interface FetchAnswer<Body> {
  readonly status: number;
  /** Where the answer came from, after redirects. */
  readonly url: string;
  /** Names in lower case; without cookies. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

/** How a program ended. */
export interface ExecAnswer {
  /** Absent where a signal ended it. */
  readonly exitCode?: number;
  /** As in `SIGTERM`. */
  readonly signal?: string;
  /** Read as UTF-8. */
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command's `run` gets beyond that. */
export interface CommandHost<P extends DeclaredPermissions = DeclaredPermissions, C extends GenericSchema = GenericSchema> extends Host<
  P,
  C
> {
  /** Prints a line to standard output. */
  print(text: string): void;
}
