import { bugError, userError, type BulkheadError } from '#base/errors.js';

/** The file is no SIF file at all; apptainer's words. */
export function notRecognized(): BulkheadError {
  return userError('SIF_NOT_RECOGNIZED', 'image format not recognized');
}

/** The file says that it is a SIF file and contradicts itself. `where` is the part, e.g. `descriptor 3`. */
export function invalidSif(where: string, why: string): BulkheadError {
  return userError('SIF_INVALID', `invalid SIF: ${where}: ${why}`, {
    hint: 'get the file again, or compile it again; it is damaged',
    data: { where },
  });
}

/** Ours: whoever calls `createSif` passes what fits. */
export function cannotCreate(why: string): BulkheadError {
  return bugError('SIF_UNWRITABLE', `Cannot create SIF: ${why}`);
}
