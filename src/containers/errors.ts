/** All errors of the room. Names and ids that somebody typed are quoted: they may be anything. */
import { type BulkheadError, userError } from '#base/errors.js';
import type { ContainerPlace } from './shapes.js';

export const containerErrors = {
  notFound: (what: string): BulkheadError =>
    userError('CONTAINER_NOT_FOUND', `Cannot find container ${JSON.stringify(what)}: none of yours has this name or id`, {
      hint: 'bulkhead list --all',
      data: { container: what },
    }),

  ambiguous: (what: string): BulkheadError =>
    userError('CONTAINER_AMBIGUOUS', `Cannot tell which container is meant by ${JSON.stringify(what)}: the ids of several begin with it`, {
      hint: 'bulkhead list --all',
      data: { container: what },
    }),

  nameTaken: (name: string, id: string | undefined): BulkheadError =>
    userError(
      'CONTAINER_NAME_TAKEN',
      `Cannot name a container ${JSON.stringify(name)}: ${id === undefined ? 'another' : `container ${id}`} has this name`,
      { hint: `bulkhead remove ${name}`, data: { name, id } },
    ),

  nameInvalid: (name: string): BulkheadError =>
    userError(
      'CONTAINER_NAME_INVALID',
      `Cannot name a container ${JSON.stringify(name)}: a name has 2 to 64 letters, digits, "_", "." and "-", and begins with a letter or digit`,
      { data: { name } },
    ),

  recordInvalid: ({ id, path }: ContainerPlace, file: string, why: string, cause?: unknown): BulkheadError =>
    userError('CONTAINER_RECORD_INVALID', `Cannot read ${file} of container ${id}: ${why}`, {
      hint: `bulkhead remove --force ${id}`,
      data: { id, path, file, why },
      cause,
    }),

  unsafe: (path: string, why: string): BulkheadError =>
    userError('CONTAINERS_UNSAFE', `Cannot keep containers in ${path}: ${why}`, {
      hint: `ls -ld ${JSON.stringify(path)}`,
      data: { path, why },
    }),
};
