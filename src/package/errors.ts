import { bugError, userError, type BulkheadError } from '#base/errors.js';
import { shorten } from '#base/text.js';

/**
 * Why a file is not taken as a package. The texts are Apptainer's, so that what people know and scripts look for still holds;
 * the command puts them into a sentence: `Failed to install plugin "<path>": <text>.`
 */
export const packageErrors = {
  fileMissing: (path: string, why: string): BulkheadError =>
    userError('PACKAGE_NOT_FOUND', `could not load plugin: failed to retrieve path for ${path}: ${why}`, { data: { path } }),

  fileUnreadable: (path: string, cause: unknown): BulkheadError =>
    userError('PACKAGE_UNREADABLE', `could not load plugin: ${path} is not readable by the current user, check permissions`, {
      data: { path },
      cause,
    }),

  fileUnloadable: (path: string, why: string, cause?: unknown): BulkheadError =>
    userError('PACKAGE_UNLOADABLE', `could not load plugin: ${why}`, { hint: 'bulkhead plugin compile DIR', data: { path }, cause }),

  /** The text names no reason, as Apptainer's does not; the hint does. */
  notPlugin: (path: string, why: string): BulkheadError =>
    userError('PACKAGE_NOT_PLUGIN', `${path} is not a valid plugin`, {
      hint: `siftool list ${path} shows what it holds: ${why}`,
      data: { path, why },
    }),

  manifestInvalid: (path: string, why: string, field?: string): BulkheadError =>
    userError(
      'MANIFEST_INVALID',
      `could not get manifest: while decoding JSON manifest: ${path}: ${field === undefined ? '' : `${field}: `}${why}`,
      {
        hint: 'bulkhead plugin compile DIR',
        data: { path, why: shorten(why, 512), field: field && shorten(field, 256) },
      },
    ),

  /** What this host does not understand in it may be right for the host that it was built for. */
  manifestNewer: (
    path: string,
    { name, built, offered, why }: { name: string; built: string; offered: string; why: string },
  ): BulkheadError =>
    userError(
      'MANIFEST_NEWER',
      `could not get manifest: plugin ${JSON.stringify(name)} is too new for this host: it was built against contract ${built}, this host offers ${offered} and cannot read ${why}`,
      { hint: `upgrade bulkhead to a release that offers contract ${built}`, data: { path, plugin: name, built, offered } },
    ),

  sbomMissing: (path: string): BulkheadError =>
    userError('SBOM_MISSING', `${path} does not say what was bundled: it has no SBOM`, {
      hint: 'bulkhead plugin compile DIR',
      data: { path },
    }),

  sbomInvalid: (path: string, why: string): BulkheadError =>
    userError('SBOM_INVALID', `the SBOM of ${path} cannot be read: ${why}`, {
      hint: 'bulkhead plugin compile DIR',
      data: { path, why: shorten(why, 512) },
    }),

  nameEmpty: (path: string): BulkheadError =>
    userError('PLUGIN_NAME_EMPTY', 'empty plugin in manifest', { hint: 'bulkhead plugin compile DIR', data: { path } }),

  nameTraverses: (path: string, name: string): BulkheadError =>
    userError('PLUGIN_NAME_TRAVERSES', `plugin manifest name ${JSON.stringify(name)} contains path traversal`, { data: { path, name } }),
};

/** Why a plugin cannot be compiled. The command says `Plugin compile failed with error: <text>` where the first word is not its own. */
export const compileErrors = {
  sourceMissing: (path: string): BulkheadError =>
    userError('COMPILE_SOURCE_MISSING', `Compilation failed: ${JSON.stringify(path)} doesn't exist`, { data: { path } }),

  sourceUnreadable: (path: string, why: string, cause: unknown): BulkheadError =>
    userError('COMPILE_SOURCE_UNREADABLE', `Could not check ${JSON.stringify(path)} exists: ${why}`, { data: { path }, cause }),

  sourceNotDirectory: (path: string): BulkheadError =>
    userError('COMPILE_SOURCE_NOT_DIRECTORY', `Cannot compile ${path}: it is not a directory`, {
      hint: 'bulkhead plugin compile DIR, where DIR holds plugin.ts',
      data: { path },
    }),

  noEntry: (path: string, names: readonly string[]): BulkheadError =>
    userError('COMPILE_NO_ENTRY', `Cannot compile ${path}: it has none of ${names.join(', ')}`, {
      hint: `write ${path}/plugin.ts with: export default definePlugin({ … })`,
      data: { path, names },
    }),

  notBundled: (messages: readonly string[], cause: unknown): BulkheadError =>
    userError('COMPILE_NOT_BUNDLED', `Cannot bundle the plugin: ${messages.join('; ')}`, { data: { messages }, cause }),

  notEvaluated: (where: string, why: string, cause: unknown): BulkheadError =>
    userError('COMPILE_NOT_EVALUATED', `Cannot run the plugin in its compartment: ${where === '' ? '' : `${where}: `}${why}`, {
      data: { where, why },
      cause,
    }),

  outputIsDirectory: (path: string): BulkheadError =>
    userError('COMPILE_OUTPUT_IS_DIRECTORY', `Cannot write ${path}: it is a directory, and is left as it is`, {
      hint: `bulkhead plugin compile --out ${path}/plugin.sif DIR`,
      data: { path },
    }),

  notWritten: (path: string, why: string, cause: unknown): BulkheadError =>
    userError('COMPILE_NOT_WRITTEN', `Cannot write ${path}: ${why}`, { data: { path, why }, cause }),
};

/** Why no skeleton is written: Apptainer's sentence. */
export const createErrors = {
  nameInvalid: (directory: string, name: string): BulkheadError =>
    userError('CREATE_NAME_INVALID', cannotCreate(directory, `${JSON.stringify(shorten(name, 256))} cannot be the name of a plugin`), {
      hint: `bulkhead plugin create ${directory} example.com/my-plugin`,
      data: { directory },
    }),

  wouldOverwrite: (directory: string, file: string): BulkheadError =>
    userError('CREATE_WOULD_OVERWRITE', cannotCreate(directory, `${file} is there already`), {
      hint: 'name another directory, or move the file away',
      data: { directory, file },
    }),

  notWritten: (directory: string, why: string, cause: unknown): BulkheadError =>
    userError('CREATE_NOT_WRITTEN', cannotCreate(directory, why), { data: { directory, why }, cause }),

  templateMissing: (directory: string): BulkheadError =>
    bugError('TEMPLATE_NOT_BUILT', cannotCreate(directory, 'the template has not been built'), { hint: 'npm run build' }),
};

function cannotCreate(directory: string, why: string): string {
  return `Failed to create plugin directory ${directory}: ${why}.`;
}

/** What is wrong with a key, or stands in the way of signing. No text ever holds a part of a key. */
export const signatureErrors = {
  keyUnreadable: (from: string, why: string, cause?: unknown): BulkheadError =>
    userError('KEY_UNREADABLE', `Cannot use the key ${from}: ${why}`, {
      hint: 'bulkhead plugin keys generate NAME',
      data: { file: from, why },
      cause,
    }),

  keyIsPrivate: (from: string): BulkheadError =>
    userError('KEY_IS_PRIVATE', `Cannot use the key ${from}: it is a private key, and a public one is wanted`, {
      hint: `openssl pkey -in ${from} -pubout`,
      data: { file: from },
    }),

  keyEncrypted: (from: string): BulkheadError =>
    userError('KEY_ENCRYPTED', `Cannot use the key ${from}: it is encrypted`, {
      hint: 'add --passphrase-file FILE',
      data: { file: from },
    }),

  keyLocked: (from: string, cause: unknown): BulkheadError =>
    userError('KEY_LOCKED', `Cannot use the key ${from}: the passphrase does not open it`, { data: { file: from }, cause }),

  alreadySigned: (path: string, fingerprint: string): BulkheadError =>
    userError('PACKAGE_ALREADY_SIGNED', `Cannot sign ${path}: it is signed by ${fingerprint} already`, {
      hint: `bulkhead plugin verify ${path}`,
      data: { path, fingerprint },
    }),

  notSigned: (path: string, why: string): BulkheadError =>
    userError('PACKAGE_UNSIGNABLE', `Cannot sign ${path}: ${why}`, {
      hint: 'bulkhead plugin compile DIR, then sign what it wrote',
      data: { path, why },
    }),
};
