/** The powers as an author sees them: the second argument of every callback. They work until the call ends. */

export interface Host {
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
  /** A variable of the caller's environment; needs `permissions.env` to name it. */
  env(name: string): string | undefined;
  /** A text file of the host, at most 1 MiB; needs `permissions.readFile` to name it or a directory above it. */
  readFile(path: string): Promise<string>;
}

/** What a command's `run` gets beyond that. */
export interface CommandHost extends Host {
  /** Prints a line to standard output. */
  print(text: string): void;
}
