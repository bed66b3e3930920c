import { userError, type BulkheadError } from '#base/errors.js';

export const cliErrors = {
  directoryGone: (path: string, cause: unknown): BulkheadError =>
    userError('START_DIRECTORY_GONE', `Cannot start the container from ${path}, where it was made: you can enter no such directory`, {
      hint: `ls -ld ${JSON.stringify(path)}`,
      data: { path },
      cause,
    }),
};
