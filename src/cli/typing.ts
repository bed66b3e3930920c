/**
 * Hands what is typed at this command line to a container in the background. Between two terminals byte for byte, so that each key means
 * what it means to whoever reads it there, and with the size of the window; ^P ^Q leaves the container alone again.
 */
import type { TypedInput } from '#wiring/wiring.js';

export interface Typing {
  /** By the keys for that. */
  readonly detached: Promise<void>;
  /** Gives the terminal back. */
  close(): Promise<void>;
}

const DETACH = Buffer.from([0x10, 0x11]);

/** `onEnd` is told when there is nothing left to be typed, for a container without a terminal: one with has ^D for that. */
export function startTyping(input: TypedInput, onEnd: () => void): Typing {
  const { stdin, stdout } = process;
  const isRaw = input.tty && stdin.isTTY;
  let held: Buffer = Buffer.alloc(0);
  let detach = (): void => undefined;
  const detached = new Promise<void>((resolve) => (detach = resolve));
  let told = Promise.resolve();
  // One after the other: the last is what counts.
  const resize = (): void => void (told = told.then(() => input.resize({ rows: stdout.rows, columns: stdout.columns })));
  const end = (): void => {
    if (!input.tty) void input.end().then(onEnd);
  };

  /** What may be the first half of the keys waits for the next. */
  function pass(bytes: Buffer): Buffer {
    if (!isRaw) return bytes;
    const all = Buffer.concat([held, bytes]);
    const at = all.indexOf(DETACH);
    if (at >= 0) detach();
    const isOpen = at < 0 && all.at(-1) === DETACH[0];
    held = isOpen ? all.subarray(-1) : Buffer.alloc(0);
    if (at >= 0) return all.subarray(0, at);
    return isOpen ? all.subarray(0, -1) : all;
  }

  function take(bytes: Buffer): void {
    stdin.pause();
    input.write(pass(bytes)).then(
      () => void stdin.resume(),
      () => undefined,
    );
  }

  if (isRaw && stdout.isTTY) {
    resize();
    stdout.on('resize', resize);
  }
  stdin.on('data', take).on('end', end).on('error', end);
  return {
    detached,
    async close() {
      stdin.off('data', take).off('end', end).off('error', end);
      stdout.off('resize', resize);
      await input.close();
      // It would keep this process alive for what nobody reads any more.
      stdin.destroy();
    },
  };
}
