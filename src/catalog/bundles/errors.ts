import { messageOf, systemCodeOf, userError, type BulkheadError } from '#base/errors.js';
import { shorten } from '#base/text.js';

/** Of names and paths that nobody chose carefully: what follows may be pasted into a shell. */
function quote(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

/** Why a bundle cannot be used. Each says what, why, and the mend, in one line. */
export const bundleErrors = {
  nameInvalid: (name: string, directory?: string): BulkheadError =>
    userError(
      'BUNDLE_NAME_INVALID',
      `${JSON.stringify(shorten(name, 80))} cannot be the name of a bundle: it begins with a letter or digit and goes on with these, ".", "_" and "-", at most 63 in all`,
      {
        hint: directory === undefined ? 'bulkhead plugin list' : `mv ${quote(directory)} NAME   (and bin/NAME in it)`,
        data: { plugin: name },
      },
    ),

  configurationMissing: (plugin: string, directory: string): BulkheadError =>
    userError('BUNDLE_INCOMPLETE', `bundle "${plugin}" has none of config.toml, config.json and plugin.json`, {
      hint: `write ${quote(`${directory}/plugin.json`)}, or take the directory away`,
      data: { plugin, directory },
    }),

  programMissing: (plugin: string, path: string): BulkheadError =>
    userError('BUNDLE_INCOMPLETE', `bundle "${plugin}" has no program: there is no ${path}`, {
      hint: `put the program there, under this very name: ${quote(path)}`,
      data: { plugin, path },
    }),

  linkBroken: (plugin: string, path: string): BulkheadError =>
    userError('BUNDLE_INCOMPLETE', `bundle "${plugin}" is not there: ${path} is a link that leads nowhere`, {
      hint: `ls -l ${quote(path)}; then mend or remove the link`,
      data: { plugin, path },
    }),

  programUnfit: (plugin: string, path: string, why: string): BulkheadError =>
    userError('BUNDLE_PROGRAM_UNFIT', `the program of bundle "${plugin}" cannot be run: ${path} ${why}`, {
      hint: why.includes('executable') ? `chmod a+x ${quote(path)}` : `ls -l ${quote(path)}`,
      data: { plugin, path },
    }),

  configurationInvalid: (plugin: string, place: string, why: string): BulkheadError =>
    userError(
      'BUNDLE_CONFIGURATION_INVALID',
      `the configuration of bundle "${plugin}" is wrong: ${place}: ${shorten(why.replaceAll('\n', ' '), 300)}`,
      { hint: `mend ${quote(place.replace(/:\d+$/, ''))}; what it may say: docs/bundles.md`, data: { plugin, place } },
    ),

  unsafe: (plugin: string, path: string, why: string): BulkheadError =>
    userError('BUNDLE_UNSAFE', `bundle "${plugin}" is refused: ${path}: ${why}`, {
      hint: why.startsWith('it belongs') ? `chown it to root, or to yourself: ls -ld ${quote(path)}` : `chmod go-w ${quote(path)}`,
      data: { plugin, path, why },
    }),

  unreadable: (plugin: string, path: string, cause: unknown): BulkheadError =>
    userError('BUNDLE_UNREADABLE', `bundle "${plugin}" cannot be read: ${path}: ${systemCodeOf(cause) ?? messageOf(cause)}`, {
      hint: `ls -ld ${quote(path)}`,
      data: { plugin, path },
      cause,
    }),

  switchesUnreadable: (file: string, why: string): BulkheadError =>
    userError(
      'BUNDLE_SWITCHES_INVALID',
      `no bundle in the directory is used, for ${file} cannot tell which are disabled: ${shorten(why, 300)}`,
      {
        hint: `rm ${quote(file)}   (enables them all), then: bulkhead plugin disable NAME`,
        data: { file },
      },
    ),
};
