/** Leads a stage: starts its programs and waits until each has mounted where it should, and nowhere else. */
import { setTimeout as delay } from 'node:timers/promises';
import { imageDriverFailed, imageDriverStrayed } from '../errors.js';
import { untilStopped } from '../lifecycle/stop.js';
import { readMountTable, type MountedFileSystem } from '../mounts/mount-table.js';
import { ChainEnded, type Chain } from '../runtimes/chain.js';
import type { SessionProgram } from './program.js';
import type { Stage } from './stage.js';

const POLL_MS = 5;

/** Resolves when the mounts are there; PID 1 then waits for `chain.go`. Throws where a program ends, mounts elsewhere, or takes too long. */
export async function attendStage(chain: Chain, { name, programs, first }: Stage, stop: AbortSignal): Promise<void> {
  await untilStopped(chain.reached(name), stop);
  const { pid } = chain.findInit();
  const before = await readTable(pid);
  chain.drive();
  const startedMs = performance.now();
  for (;;) {
    stop.throwIfAborted();
    // Before the mounts are looked at: a program may mount, go on in the background, and end.
    const ended = new Map(chain.reports.drivers);
    const added = findAdded(before, await readTable(pid));
    const stray = added.find((mount) => !programs.some(({ target }) => target === mount.point));
    if (stray !== undefined) throw imageDriverStrayed(programs[0]?.what ?? name, stray.point);
    const missing = programs
      .map((program, index) => ({ program, index: first + index }))
      .filter(({ program }) => !isMounted(program, added));
    if (missing.length === 0) return;
    for (const { program, index } of missing) {
      const waitedMs = performance.now() - startedMs;
      refuseEndedOrLate(program, { code: ended.get(index), waitedMs, said: chain.readOutput(index) });
    }
    await delay(POLL_MS);
  }
}

async function readTable(pid: number): Promise<MountedFileSystem[]> {
  try {
    return await readMountTable(pid);
  } catch {
    throw new ChainEnded();
  }
}

function isMounted({ target }: SessionProgram, added: readonly MountedFileSystem[]): boolean {
  return added.some(({ point }) => point === target);
}

/** By their ids, which the kernel gives to no other mount as long as this one is there. */
function findAdded(before: readonly MountedFileSystem[], after: readonly MountedFileSystem[]): MountedFileSystem[] {
  const known = new Set(before.map(({ id }) => id));
  return after.filter(({ id }) => !known.has(id));
}

function refuseEndedOrLate(
  program: SessionProgram,
  { code, waitedMs, said }: { code: number | undefined; waitedMs: number; said: string },
): void {
  if (code !== undefined) throw imageDriverFailed(program.what, `its program ended with code ${code} before it had mounted anything`, said);
  if (waitedMs > program.readyMs)
    throw imageDriverFailed(program.what, `its program had mounted nothing after ${program.readyMs} ms`, said);
}
