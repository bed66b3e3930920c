/** A program for stress.test.ts: `pull-program STORE NAME` pulls an image, and says a line when it is there. */
import { addImage, openImageStore, pullFromRegistry } from '#images/images.js';

async function main([directory = '', name = '']: readonly string[]): Promise<void> {
  const { signal } = new AbortController();
  await addImage(await openImageStore(directory), {
    name,
    fill: async (sink) => {
      const { mediaType, digest, manifestBytes } = await pullFromRegistry(name, { sink, env: {}, signal, platform: 'linux/amd64' });
      return { mediaType, digest, size: manifestBytes };
    },
  });
  process.stdout.write('pulled\n');
}

void main(process.argv.slice(2));
