/**
 * Programs that run for plugins, each the leader of a process group of its own. They are in no terminal's foreground group, so that
 * a Ctrl-C reaches them through here alone; and whatever ends this process, other than SIGKILL, ends them first.
 */
import type { ChildProcess } from 'node:child_process';

const leaders = new Set<number>();
const deadly = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
let isListening = false;

/** Starts one, which is watched from its first instant until `endGroup`. `start` spawns it with `detached`. */
export function startGroup<Child extends ChildProcess>(start: () => Child): Child {
  // Before it starts: a signal that comes in between is handled when this function is through.
  listen();
  try {
    const child = start();
    if (child.pid !== undefined) leaders.add(child.pid);
    return child;
  } finally {
    listenNoMoreThanNeeded();
  }
}

/** Kills all that is left of it. Once only: the number may then be another's. */
export function endGroup(leader: number): void {
  if (!leaders.delete(leader)) return;
  kill(leader);
  listenNoMoreThanNeeded();
}

function endAll(): void {
  for (const leader of [...leaders]) endGroup(leader);
}

/** First among those who listen, and gone when the next is called: some ask whether they are the only ones. */
function endBySignal(signal: NodeJS.Signals): void {
  endAll();
  // Where nobody else listens the signal does what it does without us.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function listen(): void {
  if (isListening) return;
  isListening = true;
  process.on('exit', endAll);
  for (const signal of deadly) process.prependListener(signal, endBySignal);
}

function listenNoMoreThanNeeded(): void {
  if (leaders.size > 0 || !isListening) return;
  isListening = false;
  process.off('exit', endAll);
  for (const signal of deadly) process.off(signal, endBySignal);
}

function kill(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // All of it has ended already.
  }
}
