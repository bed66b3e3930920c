import { findInstallation, openCatalog, type PluginDirectory } from '#catalog/catalog.js';
import { requireSystemRights, systemDirectory, userDirectory } from './places.js';
import type { Scene } from './scene.js';

/** Which command line asks, for the refusal where root is needed, and whether it named `--user`. */
export interface ChangeRequest {
  readonly command: string;
  readonly user: boolean;
}

/** The caller's own plugin of that name before the system's, as when it runs. */
export async function chooseDirectory(scene: Scene, name: string, { command, user }: ChangeRequest): Promise<PluginDirectory> {
  const { paths, uid } = scene;
  if (user) return userDirectory(paths);
  const own = await openCatalog({ uid, directories: [userDirectory(paths)] });
  if (findInstallation(own, name) !== undefined) return userDirectory(paths);
  requireSystemRights(paths, uid, command);
  return systemDirectory(paths);
}
