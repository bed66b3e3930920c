/** `console`: five methods that write to the plugin's log. Values are shown shortly; nothing of Node's console is reachable. */

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';
export type WriteLog = (level: LogLevel, message: string) => void;

const levels = { debug: 'debug', log: 'info', info: 'info', warn: 'warning', error: 'error' } as const;

export function makeConsole(writeLog: WriteLog): Record<keyof typeof levels, (...values: unknown[]) => void> {
  const write =
    (level: LogLevel) =>
    (...values: unknown[]): void =>
      writeLog(level, values.map(show).join(' '));
  return harden({
    debug: write(levels.debug),
    log: write(levels.log),
    info: write(levels.info),
    warn: write(levels.warn),
    error: write(levels.error),
  });
}

/** Runs in the plugin's own thread, so that a hostile `toJSON` harms nobody else; whatever it throws becomes text. */
function show(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    return JSON.stringify(value) ?? String(value);
  } catch {
    return '[a value that cannot be shown]';
  }
}
