/** All errors of the room. Names and ids that somebody typed are quoted: they may be anything. */
import { type BulkheadError, userError } from '#base/errors.js';
import type { ContainerPlace, ContainerRecord, ContainerState } from './shapes.js';

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

  labelInvalid: (key: string, why: string): BulkheadError =>
    userError('LABEL_INVALID', `Cannot label a container ${JSON.stringify(key)}: ${why}`, {
      hint: 'bulkhead run --label KEY=VALUE …',
      data: { key, why },
    }),

  filterInvalid: (filter: string): BulkheadError =>
    userError(
      'FILTER_INVALID',
      `Cannot look for containers by ${JSON.stringify(filter)}: a filter is label=KEY, label=KEY=VALUE, name=PART, or status= and created, starting, running or stopped`,
      { hint: 'bulkhead list --filter label=KEY', data: { filter } },
    ),

  recordInvalid: ({ id, path }: ContainerPlace, file: string, why: string, cause?: unknown): BulkheadError =>
    userError('CONTAINER_RECORD_INVALID', `Cannot read ${file} of container ${id}: ${why}`, {
      hint: `bulkhead remove --force ${id}`,
      data: { id, path, file, why },
      cause,
    }),

  signalUnknown: (text: string): BulkheadError =>
    userError('SIGNAL_UNKNOWN', `Cannot send signal ${JSON.stringify(text)}: there is none of this name or number`, {
      hint: 'kill -l',
      data: { signal: text },
    }),

  notRunning: (record: ContainerRecord, status: ContainerState['status']): BulkheadError =>
    userError('CONTAINER_NOT_RUNNING', `Container ${nameOf(record)} does not run: it is ${status}`, {
      hint: `bulkhead start ${record.name ?? record.id}`,
      data: { id: record.id, name: record.name, status },
    }),

  notInteractive: (record: ContainerRecord): BulkheadError =>
    userError('CONTAINER_NOT_INTERACTIVE', `Cannot type into container ${nameOf(record)}: it was made without --interactive`, {
      hint: `bulkhead exec -it ${record.name ?? record.id} sh`,
      data: { id: record.id, name: record.name },
    }),

  inForeground: (record: ContainerRecord): BulkheadError =>
    userError('CONTAINER_IN_FOREGROUND', `Cannot attach to container ${nameOf(record)}: it is in the foreground of another command`, {
      hint: `bulkhead exec -it ${record.name ?? record.id} sh`,
      data: { id: record.id, name: record.name },
    }),

  stillRuns: (record: ContainerRecord): BulkheadError =>
    userError('CONTAINER_RUNS', `Cannot remove container ${nameOf(record)}: it runs`, {
      hint: `bulkhead stop ${record.name ?? record.id}, or bulkhead remove --force ${record.name ?? record.id}`,
      data: { id: record.id, name: record.name },
    }),

  stillMonitored: (id: string): BulkheadError =>
    userError('CONTAINER_MONITORED', `Cannot remove container ${id}: its monitor still works for it`, {
      hint: `bulkhead inspect ${id}`,
      data: { id },
    }),

  notEnded: (record: ContainerRecord): BulkheadError =>
    userError('CONTAINER_NOT_ENDED', `Cannot end container ${nameOf(record)}: the kernel has not ended it after SIGKILL`, {
      hint: `bulkhead inspect ${record.name ?? record.id}`,
      data: { id: record.id, name: record.name },
    }),

  foreign: (record: ContainerRecord): BulkheadError =>
    userError(
      'CONTAINER_ELSEWHERE',
      `Cannot reach container ${nameOf(record)}: it was started in another pid namespace, and its processes cannot be told from here`,
      { hint: `bulkhead remove --force ${record.name ?? record.id}   (if it has ended)`, data: { id: record.id, name: record.name } },
    ),

  removed: (id: string): BulkheadError =>
    userError('CONTAINER_REMOVED', `Cannot tell how container ${id} ended: it was removed meanwhile`, { data: { id } }),

  pathMissing: (path: string): BulkheadError =>
    userError('PATH_NOT_FOUND', `Cannot copy: there is no ${JSON.stringify(path)}, or it leads through what is no directory`, {
      data: { path },
    }),

  pathLoops: (path: string): BulkheadError =>
    userError('PATH_LOOPS', `Cannot copy ${JSON.stringify(path)}: it leads through too many symbolic links`, { data: { path } }),

  copyRefused: (path: string, why: string): BulkheadError =>
    userError('COPY_REFUSED', `Cannot copy ${JSON.stringify(path)}: ${why}`, { data: { path, why } }),

  copyFailed: (source: string, destination: string, why: string, cause: unknown): BulkheadError =>
    userError('COPY_FAILED', `Cannot copy ${JSON.stringify(source)} to ${JSON.stringify(destination)}: ${why}`, {
      data: { source, destination, why },
      cause,
    }),

  copyNeedsRunning: (record: ContainerRecord, status: ContainerState['status']): BulkheadError =>
    userError(
      'COPY_NEEDS_RUNNING',
      `Cannot copy from or to container ${nameOf(record)}: it is ${status}, and its files are there only while it runs`,
      {
        hint: `bulkhead start ${record.name ?? record.id}`,
        data: { id: record.id, name: record.name, status },
      },
    ),

  unsafe: (path: string, why: string): BulkheadError =>
    userError('CONTAINERS_UNSAFE', `Cannot keep containers in ${path}: ${why}`, {
      hint: `ls -ld ${JSON.stringify(path)}`,
      data: { path, why },
    }),
};

function nameOf({ id, name }: ContainerRecord): string {
  return name === undefined ? id : `${id} (${name})`;
}
