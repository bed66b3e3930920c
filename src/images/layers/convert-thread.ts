/** The thread that makes a root of layers: decompressing and judging a million entries would keep the main thread from its signals. */
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import type { ConvertOutcome, ConvertProgress, ConvertTask } from './convert-task.js';
import { copyAccounts, keepAccounts } from './keep-accounts.js';
import { LayerFault, mergeLayers, mergeLayersOnce } from './merge.js';
import { ZstdMissing } from './read-layer.js';
import { openDirectoryTarget } from './to-directory.js';
import { openSquashfsTarget } from './to-squashfs.js';

export default async function convert({ task, progress }: { task: ConvertTask; progress: MessagePort }): Promise<ConvertOutcome> {
  const { layers, limits, directory, mksquashfs, isRoot } = task;
  const image = join(directory, 'image');
  const totalBytes = (mksquashfs === undefined ? 1 : 2) * layers.reduce((sum, { region }) => sum + region.sizeBytes, 0);
  let doneBytes = 0;
  const onProgress = (bytes: number): void => {
    doneBytes += bytes;
    progress.postMessage({ doneBytes, totalBytes } satisfies ConvertProgress);
  };
  try {
    if (mksquashfs !== undefined) {
      await mergeLayers(layers, keepAccounts(openSquashfsTarget(mksquashfs, image), directory), { limits, onProgress });
      return { type: 'done', leftOut: 0 };
    }
    const target = openDirectoryTarget(directory, isRoot);
    await mergeLayersOnce(layers, target, { limits, onProgress });
    copyAccounts(image, directory);
    return { type: 'done', leftOut: target.leftOut() };
  } catch (thrown) {
    return describeFailure(thrown);
  } finally {
    progress.close();
  }
}

function describeFailure(thrown: unknown): ConvertOutcome {
  if (thrown instanceof LayerFault) {
    return thrown.cause instanceof ZstdMissing
      ? { type: 'zstd', digest: thrown.digest }
      : { type: 'refused', digest: thrown.digest, why: thrown.message };
  }
  return { type: 'failed', why: thrown instanceof Error ? thrown.message : 'no reason given' };
}
