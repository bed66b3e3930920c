/** A program for killed.test.ts: `store-program STORE LAYOUT…` imports and removes images again and again, and says a line for each step. */
import { BulkheadError } from '#base/errors.js';
import { importImage, openImageStore, openLocalImage, pruneImages, removeImage } from '#images/images.js';

async function main([directory = '', ...layouts]: readonly string[]): Promise<void> {
  const store = await openImageStore(directory);
  process.stdout.write('begin\n');
  for (;;) {
    for (const path of layouts) {
      await importImage(store, await openLocalImage({ scheme: 'oci', path, tag: undefined }), { name: `oci:${path}` });
      process.stdout.write('imported\n');
    }
    // Another one may have removed it.
    for (const path of layouts) await removeImage(store, `oci:${path}`).catch(requireUnknown);
    await pruneImages(store);
    process.stdout.write('removed\n');
  }
}

function requireUnknown(error: unknown): void {
  if (!(error instanceof BulkheadError) || error.code !== 'IMAGE_UNKNOWN') throw error;
}

void main(process.argv.slice(2));
