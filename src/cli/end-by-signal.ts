/** Those that end a process without a core file; Node answers to SIGUSR1 with its debugger. */
const RAISED: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGHUP',
  'SIGINT',
  'SIGTERM',
  'SIGKILL',
  'SIGALRM',
  'SIGUSR2',
  'SIGVTALRM',
  'SIGPROF',
]);

/**
 * Ends this process by a signal once all is written, so that a shell sees what it would see of the command itself. Where that cannot
 * be, the exit code that is set already says the same.
 */
export function endBySignal(signal: NodeJS.Signals): void {
  if (!RAISED.has(signal)) return;
  process.once('exit', () => {
    // Whoever still listens would keep the signal from doing what it does.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
