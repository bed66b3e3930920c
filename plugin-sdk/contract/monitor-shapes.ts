/** What a controller of a container may decide, and the signals that may be named. */
import * as v from 'valibot';

/** The signals that end a process that does not mind them; real-time signals are left out. */
export const endingSignal = v.picklist([
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
  'SIGUSR1',
  'SIGSEGV',
  'SIGUSR2',
  'SIGPIPE',
  'SIGALRM',
  'SIGTERM',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
]);

/** Signals by name. */
export const signalName = v.picklist([
  ...endingSignal.options,
  'SIGCHLD',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGWINCH',
]);
export type SignalName = v.InferOutput<typeof signalName>;

/** How a plugin takes part: `observe` is told, `control` decides as well. At most one enabled plugin controls. */
export const monitorRole = v.strictObject({ mode: v.picklist(['observe', 'control']) });
export type MonitorRole = v.InferOutput<typeof monitorRole>;

/** What `permissions['container.control']` may name: what becomes of signals; when and with which status the run ends. */
export const controlScope = v.picklist(['signals', 'exit']);
export type ControlScope = v.InferOutput<typeof controlScope>;

/**
 * What a controller answers to an event. Nothing means what Bulkhead does by itself: a signal is forwarded, the exit status stays.
 * `forward`, `swallow` and `replace` answer to a signal; `exit` and `raise` end the run, and the container where it still runs.
 */
export const monitorDecision = v.variant('action', [
  v.strictObject({ action: v.literal('forward') }),
  v.strictObject({ action: v.literal('swallow') }),
  /** `permissions['container.signal']` must name it. */
  v.strictObject({ action: v.literal('replace'), signal: signalName }),
  v.strictObject({ action: v.literal('exit'), exitCode: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(255)) }),
  /** Ends bulkhead by this signal too, where that leaves no core file; its exit code is 128 and the signal's number. */
  v.strictObject({ action: v.literal('raise'), signal: endingSignal }),
]);
export type MonitorDecision = v.InferOutput<typeof monitorDecision>;
