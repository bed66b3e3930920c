/** All errors of the engine. Exit codes and printing belong to the command line. */
import { type BulkheadError, bugError, pluginError, userError } from '#base/errors.js';

export const imageNotFound = (path: string): BulkheadError =>
  userError('IMAGE_NOT_FOUND', `Cannot open image ${path}: there is no such directory or file`, {
    hint: `ls -d ${quote(path)}`,
    data: { path },
  });

export const imageNotDirectory = (path: string): BulkheadError =>
  userError('IMAGE_NOT_DIRECTORY', `Cannot open image ${path}: it is neither a directory nor a file, or its path leads through a file`, {
    hint: 'bulkhead plugin list',
    data: { path },
  });

export const imageUnreadable = (path: string, cause: unknown): BulkheadError =>
  userError('IMAGE_UNREADABLE', `Cannot open image ${path}: you may not read all of it`, {
    hint: `ls -ld ${quote(path)}`,
    data: { path },
    cause,
  });

export const imageReferenceInvalid = (reference: string): BulkheadError =>
  userError(
    'IMAGE_REFERENCE_INVALID',
    `Cannot open image "${reference}": it is neither a directory (written with a "/") nor scheme:reference`,
    {
      hint: `bulkhead run ${quote(`./${reference}`)}`,
      data: { reference },
    },
  );

export const imageSchemeUnknown = (scheme: string): BulkheadError =>
  userError('IMAGE_SCHEME_UNKNOWN', `Cannot open image ${scheme}: no enabled plugin opens images of the scheme "${scheme}"`, {
    hint: 'bulkhead plugin list',
    data: { scheme },
  });

export const imagePlanInvalid = (image: string, why: string): BulkheadError =>
  userError('IMAGE_PLAN_INVALID', `Cannot open image ${image}: ${why}`, { hint: 'bulkhead plugin list', data: { image } });

export const imageChanged = (path: string): BulkheadError =>
  userError('IMAGE_CHANGED', `Cannot mount at ${path}: the image changed while it was being opened`, {
    hint: 'bulkhead run IMAGE   (once more)',
    data: { path },
  });

export const imageFormatUnknown = (path: string): BulkheadError =>
  userError('IMAGE_FORMAT_UNKNOWN', `Cannot open image ${path}: it is a file, and holds neither squashfs, ext2-4 nor SIF`, {
    hint: `file ${quote(path)}`,
    data: { path },
  });

export const imageInvalid = (path: string, why: string): BulkheadError =>
  userError('IMAGE_INVALID', `Cannot open image ${path}: ${why}`, { hint: `file ${quote(path)}`, data: { path, why } });

export const imageEncrypted = (path: string, how: string): BulkheadError =>
  userError('IMAGE_ENCRYPTED', `Cannot open image ${path}: its system partition is encrypted (${how}), and Bulkhead decrypts none`, {
    hint: `apptainer build --sandbox DIRECTORY ${quote(path)}   (where the key is; then run the directory)`,
    data: { path, how },
  });

/** `why` tells of each way what speaks against it; `packageName` brings a program. */
export const imageNeedsDriver = (
  path: string,
  { feature, why, packageName }: { feature: string; why: string; packageName: string },
): BulkheadError =>
  userError(
    'IMAGE_NEEDS_DRIVER',
    `Cannot mount image ${path}: nothing here mounts ${feature} (${why}), and no enabled plugin is a driver for it`,
    {
      hint: `apt-get install ${packageName}   (and open /dev/fuse to the user; or install a plugin with this feature, such as squashfuse-plugin)`,
      data: { path, feature, why },
    },
  );

/** `said` is the last that unsquashfs wrote; of the image may be names in it. */
export const imageUnpackFailed = (path: string, said: string): BulkheadError =>
  userError('IMAGE_UNPACK_FAILED', `Cannot unpack image ${path}: ${cleanLines(said) || 'unsquashfs ended without a word'}`, {
    hint: `unsquashfs -s ${quote(path)}; df`,
    data: { path, said: cleanLines(said) },
  });

export const layerUnusable = (directory: string, why: string, cause?: unknown): BulkheadError =>
  userError('LAYER_UNUSABLE', `Cannot keep what is written in ${directory}: ${why}`, {
    hint: `ls -ld ${quote(directory)}`,
    data: { directory },
    cause,
  });

export const layerBusy = (directory: string): BulkheadError =>
  userError('LAYER_BUSY', `Cannot write to ${directory}: another container writes to it`, {
    hint: 'bulkhead run --overlay DIR:ro IMAGE   (any number may read)',
    data: { directory },
  });

export const imageDriverInvalid = (image: string, why: string): BulkheadError =>
  userError('IMAGE_DRIVER_INVALID', `Cannot mount image ${image} as its driver says: ${why}`, {
    hint: 'bulkhead plugin list',
    data: { image, why },
  });

/** `said` is the last that the driver's program wrote; foreign text. `hasRun`: the command has run by then. */
export const imageDriverFailed = (image: string, why: string, said: string, { hasRun = false } = {}): BulkheadError => {
  const tail = cleanLines(said);
  return userError(
    'IMAGE_DRIVER_FAILED',
    `Cannot mount image ${image}: image driver mount failure: ${why}${tail === '' ? '' : ` (${tail})`}`,
    { hint: 'bulkhead plugin list', data: { image, why, said: tail, hasRun } },
  );
};

export const imageDriverStrayed = (image: string, point: string): BulkheadError =>
  userError(
    'IMAGE_DRIVER_STRAYED',
    `Cannot mount image ${image}: the program of its driver mounted at ${cleanLines(point)}, where it should not`,
    {
      hint: 'bulkhead plugin list',
      data: { image, point },
    },
  );

export const overlayDisabled = (point: string): BulkheadError =>
  userError(
    'OVERLAY_DISABLED',
    `Cannot add mount points at ${point}: the image lacks them, and enable-overlay = "no" in bulkhead.toml forbids to lay anything over it`,
    { hint: 'bulkhead run IMAGE   (with an image that has /proc, /sys, /dev and the places of your binds)', data: { point } },
  );

export const overlayDriverMissing = (image: string): BulkheadError =>
  userError(
    'OVERLAY_DRIVER_MISSING',
    `Cannot lay a writable layer over image ${image}: enable-overlay = "driver" in bulkhead.toml, and no enabled plugin is a driver for overlay`,
    { hint: 'bulkhead plugin list', data: { image } },
  );

export const imageStreamRefused = (image: string, why: string): BulkheadError =>
  userError('IMAGE_STREAM_REFUSED', `Cannot unpack image ${image}: ${why}`, { hint: 'bulkhead plugin list', data: { image, why } });

export const unpackerNotBuilt = (): BulkheadError =>
  bugError('UNPACKER_NOT_BUILT', 'Cannot unpack an image: the thread that does it has not been built', { hint: 'npm run build' });

export const bindInvalid = (bind: string, why: string): BulkheadError =>
  userError('BIND_INVALID', `Cannot read --bind ${bind}: ${why}`, { hint: 'bulkhead run --bind /data:/data:ro IMAGE', data: { bind } });

export const destinationRelative = (option: string, destination: string): BulkheadError =>
  userError('BIND_INVALID', `Cannot read ${option}: the destination "${destination}" must be an absolute path`, {
    hint: 'bulkhead run --bind /data:/data:ro IMAGE',
    data: { destination },
  });

export const envInvalid = (name: string, why: string): BulkheadError =>
  userError('ENV_INVALID', `Cannot set environment variable "${name}": ${why}`, {
    hint: 'bulkhead run --env NAME=VALUE IMAGE',
    data: { name },
  });

export const envNeedsShell = (name: string): BulkheadError =>
  userError(
    'ENV_NEEDS_SHELL',
    `Cannot set environment variable "${name}": it steers the dynamic linker, so it may only be set inside the image, which has no /bin/sh`,
    {
      hint: 'bulkhead run IMAGE   (without this variable)',
      data: { name },
    },
  );

export const envConflict = (linker: string, shell: string): BulkheadError =>
  userError(
    'ENV_CONFLICT',
    `Cannot set environment variables "${linker}" and "${shell}" together: the first is set by the image's shell, which has its own mind about the second`,
    {
      hint: 'bulkhead run IMAGE env NAME=VALUE COMMAND',
      data: { linker, shell },
    },
  );

export const commandInvalid = (why: string): BulkheadError =>
  userError('COMMAND_INVALID', `Cannot run the command: ${why}`, { hint: 'bulkhead run IMAGE COMMAND' });

export const hostnameInvalid = (hostname: string): BulkheadError =>
  userError('HOSTNAME_INVALID', `Cannot set host name "${hostname}": it must be at most 63 letters, digits, "." and "-"`, {
    hint: 'bulkhead run --hostname node1 IMAGE',
    data: { hostname },
  });

export const workingDirectoryMissing = (path: string): BulkheadError =>
  userError('WORKING_DIRECTORY_MISSING', `Cannot start in ${path}: the container has no such directory`, {
    hint: `bulkhead run IMAGE ls -ld ${quote(path)}`,
    data: { path },
  });

export const mountDestinationInvalid = (destination: string, why: string): BulkheadError =>
  userError('MOUNT_DESTINATION_INVALID', `Cannot mount at ${destination}: ${why}`, {
    hint: 'bulkhead run --bind /data:/data IMAGE',
    data: { destination },
  });

export const mountConflict = (destination: string): BulkheadError =>
  userError('MOUNT_CONFLICT', `Cannot mount at ${destination}: two different mounts are asked for there`, {
    hint: 'bulkhead plugin list',
    data: { destination },
  });

export const mountSourceMissing = (source: string, cause: unknown): BulkheadError =>
  userError('MOUNT_SOURCE_MISSING', `Cannot bind ${source}: you can see no such file or directory on this host`, {
    hint: `ls -ld ${quote(source)}`,
    data: { source },
    cause,
  });

export const mountPointMissing = (destination: string, parent: string): BulkheadError =>
  userError(
    'MOUNT_POINT_MISSING',
    `Cannot mount at ${destination}: ${parent} is a writable bind without it, and Bulkhead creates nothing in your directories`,
    {
      hint: `mkdir -p …   (inside the directory bound at ${quote(parent)}, or bind that one with :ro)`,
      data: { destination, parent },
    },
  );

export const mountPointMismatch = (destination: string, why: string): BulkheadError =>
  userError('MOUNT_POINT_MISMATCH', `Cannot mount at ${destination}: ${why}`, {
    hint: 'bulkhead run IMAGE ls -la /',
    data: { destination },
  });

export const mountFailed = (why: string): BulkheadError =>
  userError('MOUNT_FAILED', `Cannot prepare the container's file systems: ${why}`, { hint: 'findmnt', data: { log: why } });

export const overlayRefused = (why: string): BulkheadError =>
  userError(
    'OVERLAY_REFUSED',
    `Cannot lay a writable layer or missing mount points over the image: the kernel refuses an overlay mount here, as it does over a directory that holds mounts of its own (${why})`,
    {
      hint: 'bulkhead run --read-only IMAGE   (with an image that has all mount points: /proc /sys /dev and those of your binds)',
      data: { log: why },
    },
  );

export const namespacesUnavailable = (why: string): BulkheadError =>
  userError('NAMESPACES_UNAVAILABLE', `Cannot create the container's namespaces: ${why}`, {
    hint: 'sysctl user.max_user_namespaces kernel.unprivileged_userns_clone kernel.apparmor_restrict_unprivileged_userns   (ask the administrator to allow user namespaces, or run as root)',
    data: { log: why },
  });

export const procMasked = (why: string): BulkheadError =>
  userError('PROC_MASKED', `Cannot mount the container's /proc: ${why}; this is so inside containers that hide parts of /proc`, {
    hint: 'docker run --security-opt systempaths=unconfined …   (for the outer container)',
    data: { log: why },
  });

export const toolMissing = (name: string, packageName: string): BulkheadError =>
  userError('TOOL_MISSING', `Cannot run containers: the program "${name}" of ${packageName} is not installed`, {
    hint: `apt-get install ${packageName}`,
    data: { name },
  });

export const launchFailed = (why: string): BulkheadError =>
  userError('LAUNCH_FAILED', `Cannot start the command: ${why}`, {
    hint: 'unshare --version   (2.36 or newer is needed)',
    data: { log: why },
  });

export const volumeNameInvalid = (name: string): BulkheadError =>
  userError(
    'VOLUME_NAME_INVALID',
    `Cannot name a volume ${JSON.stringify(name)}: a name has 2 to 64 letters, digits, "_", "." and "-", and begins with a letter or digit`,
    { data: { name } },
  );

export const volumeNotFound = (name: string): BulkheadError =>
  userError('VOLUME_NOT_FOUND', `Cannot find volume ${JSON.stringify(name)}: none of yours has this name`, {
    hint: 'bulkhead volume list',
    data: { name },
  });

/** `by`: what uses it, where that is known. */
export const volumeInUse = (name: string, by = 'a container that runs'): BulkheadError =>
  userError('VOLUME_IN_USE', `Cannot remove volume ${name}: ${by} uses it`, { hint: 'bulkhead list --all', data: { name, by } });

export const volumeDamaged = (name: string, why: string): BulkheadError =>
  userError('VOLUME_DAMAGED', `Cannot use volume ${name}: ${why}`, { hint: `bulkhead volume inspect ${name}`, data: { name, why } });

export const volumeNotFilled = (name: string, why: string, cause: unknown): BulkheadError =>
  userError('VOLUME_NOT_FILLED', `Cannot fill new volume ${name} with what the image has there: ${why}`, {
    hint: 'df -h   (and see the reason in the message)',
    data: { name, why },
    cause,
  });

export const volumesUnsafe = (path: string, why: string): BulkheadError =>
  userError('VOLUMES_UNSAFE', `Cannot keep volumes in ${path}: ${why}`, { hint: `ls -ld ${quote(path)}`, data: { path } });

export const containerGone = (id: string): BulkheadError =>
  userError('CONTAINER_GONE', `Cannot run a command in container ${id}: it has ended`, { hint: 'bulkhead list --all', data: { id } });

export const entranceInvalid = (why: string, cause?: unknown): BulkheadError =>
  userError('ENTRANCE_INVALID', `Cannot run a command in the container: what it left for that cannot be read (${why})`, {
    hint: 'bulkhead run   (a new one; this one may be of another version of Bulkhead)',
    data: { why },
    cause,
  });

export const execElsewhere = (id: string): BulkheadError =>
  userError(
    'EXEC_ELSEWHERE',
    `Cannot run a command in container ${id}: its own command, or what that was run by, has made mounts of its own, and with them walls that no other command would have`,
    { hint: `bulkhead inspect ${id}`, data: { id } },
  );

export const execFailed = (id: string, why: string): BulkheadError =>
  userError('EXEC_FAILED', `Cannot run a command in container ${id}: ${why}`, { hint: `bulkhead inspect ${id}`, data: { id, log: why } });

export const runDirectoryUnsafe = (path: string, why: string): BulkheadError =>
  userError('RUN_DIRECTORY_UNSAFE', `Cannot keep sessions in ${path}: ${why}`, { hint: `ls -ld ${quote(path)}`, data: { path } });

export const mainThreadOnly = (): BulkheadError =>
  bugError(
    'MAIN_THREAD_ONLY',
    'Cannot run a container from a worker thread: the death signal that cleans up follows the thread that spawned',
  );

export const optionInvalid = (flag: string, typed: string, why: string, example: string): BulkheadError =>
  userError('OPTION_INVALID', `Cannot read ${flag} ${typed}: ${why}`, { hint: `bulkhead run ${example} IMAGE`, data: { flag, typed } });

/** `field` is that of the configuration, whoever set it. */
export const optionUnsupported = (field: string, why: string, hint = 'bulkhead run --help'): BulkheadError =>
  userError('OPTION_UNSUPPORTED', `Cannot run with this ${field}: ${why}`, { hint, data: { field } });

export const envFileUnreadable = (file: string, why: string, cause: unknown): BulkheadError =>
  userError('ENV_FILE_UNREADABLE', `Cannot read --env-file ${file}: ${why}`, { hint: `ls -l ${quote(file)}`, data: { file }, cause });

export const workdirUnusable = (path: string, why: string, cause?: unknown): BulkheadError =>
  userError('WORKDIR_UNUSABLE', `Cannot keep temporary directories in ${path}: ${why}`, {
    hint: `mkdir -p ${quote(path)}`,
    data: { path },
    cause,
  });

export const deviceMissing = (path: string, why: string): BulkheadError =>
  userError('DEVICE_MISSING', `Cannot show device ${path}: ${why}`, { hint: `ls -l ${quote(path)}`, data: { path } });

export const cdiDeviceUnknown = (name: string, directories: readonly string[], unread: readonly string[]): BulkheadError =>
  userError(
    'CDI_DEVICE_UNKNOWN',
    `Cannot show device ${name}: no JSON specification in ${directories.join(' or ') || 'any directory'} names it${unread.length === 0 ? '' : ` (YAML is not read: ${unread.join(', ')})`}`,
    { hint: `ls ${directories.map(quote).join(' ')}`, data: { name, directories, unread } },
  );

export const cdiSpecInvalid = (file: string, why: string): BulkheadError =>
  userError('CDI_SPEC_INVALID', `Cannot use the device specification ${file}: ${why}`, {
    hint: "have the vendor's tool write it again",
    data: { file },
  });
/** The last lines, in one, without what a terminal would take for a command. */
export function cleanLines(said: string): string {
  const lines = said.split('\n').map((line) => line.replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, '?').trim());
  return lines
    .filter((line) => line !== '')
    .slice(-3)
    .join('; ')
    .slice(-500);
}

export const userMappingRefused = (why: string): BulkheadError =>
  userError('USER_MAPPING_REFUSED', `Cannot map the users of the container: ${why}`, {
    hint: 'getsubids "$USER"; getsubids -g "$USER"   (what an administrator gave you in /etc/subuid and /etc/subgid)',
    data: { why },
  });

export const userMappingFailed = (name: string, why: string): BulkheadError =>
  userError('USER_MAPPING_FAILED', `Cannot map the users of the container: ${name} failed (${why})`, {
    hint: `ls -l /usr/bin/${name}   (it must be setuid root, or have file capabilities)`,
    data: { name, why },
  });

/** Not shown as it is: whose controller it is knows who asked for one. */
export const controllerLate = (signal: string, afterMs: number): BulkheadError =>
  pluginError('CONTROLLER_LATE', `it did not decide on ${signal} within ${afterMs} ms`, { data: { signal, afterMs } });

/** One word for a shell that is read by people: only quoted where it must be. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
