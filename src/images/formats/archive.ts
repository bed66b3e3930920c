/** An OCI layout in one tar. */
import type { LocalReference } from '../references.js';
import type { ImageSource } from '../source.js';
import { openLayoutFiles } from './layout.js';
import { indexArchive } from './tar-index.js';

export async function openArchive(reference: LocalReference): Promise<ImageSource> {
  const find = await indexArchive(reference.path);
  return openLayoutFiles(reference, (name) => Promise.resolve(find(name)));
}
