/** Where things are in a bundle. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface Layout {
  readonly name: string;
  /** The bundle itself; absolute, as found, links not followed. */
  readonly directory: string;
  readonly executable: string;
  /** Where the configuration is looked for. */
  readonly configurations: string;
  readonly resources: string;
  /** The directories from the bundle down to what is used, all to be judged. */
  readonly directories: readonly string[];
}

const APP = '.app';

/**
 * `entry` is the name of a directory in a plugin directory. One that ends in `.app` and has a `Contents` is laid out as macOS does it:
 *
 *   <name>.app/Contents/Resources/config.toml   Contents/MacOS/<name>   Contents/Resources/resources/
 */
export async function findLayout(pluginDirectory: string, entry: string): Promise<Layout> {
  const directory = join(pluginDirectory, entry);
  return (await isApp(directory, entry)) ? appLayout(directory, entry.slice(0, -APP.length)) : plainLayout(directory, entry);
}

/** The entries that can be the bundle of this name. */
export function entriesOf(name: string): string[] {
  return [name, `${name}${APP}`];
}

async function isApp(directory: string, entry: string): Promise<boolean> {
  if (!entry.endsWith(APP)) return false;
  return stat(join(directory, 'Contents')).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function plainLayout(directory: string, name: string): Layout {
  const bin = join(directory, 'bin');
  return {
    name,
    directory,
    executable: join(bin, name),
    configurations: directory,
    resources: join(directory, 'resources'),
    directories: [directory, bin],
  };
}

function appLayout(directory: string, name: string): Layout {
  const contents = join(directory, 'Contents');
  const resources = join(contents, 'Resources');
  const programs = join(contents, 'MacOS');
  return {
    name,
    directory,
    executable: join(programs, name),
    configurations: resources,
    resources: join(resources, 'resources'),
    directories: [directory, contents, resources, programs],
  };
}
