/**
 * What a container in the background reads, where it was made with --interactive: a FIFO in its directory, which it keeps its name in for
 * all who attach. It never ends by itself, as the next may come.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { makeFifos } from './pipes.js';

export interface Input {
  /** A descriptor. */
  readonly reading: number;
  /** The container reads its end, once all who write have gone. Idempotent. */
  end(): void;
  /** When the container has ended: who still writes is told. */
  close(): Promise<void>;
}

export async function openInput(path: string): Promise<Input> {
  await makeFifos([path]);
  // On Linux this waits for nobody, and neither does the other one then.
  let keeping: number | undefined = openSync(path, constants.O_RDWR);
  const reading = openSync(path, constants.O_RDONLY);
  const end = (): void => {
    if (keeping !== undefined) closeSync(keeping);
    keeping = undefined;
  };
  return {
    reading,
    end,
    async close() {
      end();
      closeSync(reading);
      await rm(path, { force: true });
    },
  };
}
