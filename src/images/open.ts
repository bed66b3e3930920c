/** Opens what a reference names; the choice among formats is a table. */
import { openArchive } from './formats/archive.js';
import { openDockerArchive } from './formats/docker-archive.js';
import { openLayout } from './formats/layout.js';
import type { LocalReference, LocalScheme } from './references.js';
import type { ImageSource } from './source.js';

const FORMATS: Readonly<Record<LocalScheme, (reference: LocalReference) => Promise<ImageSource>>> = {
  oci: openLayout,
  'oci-archive': openArchive,
  'docker-archive': openDockerArchive,
};

export function openLocalImage(reference: LocalReference): Promise<ImageSource> {
  return FORMATS[reference.scheme](reference);
}
