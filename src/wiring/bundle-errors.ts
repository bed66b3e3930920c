import { userError, type BulkheadError } from '#base/errors.js';
import type { Bundle } from '#catalog/catalog.js';

/** Why a bundle is not used as it was asked to be. */
export const bundleUseErrors = {
  /** `reason` and `hint` are those of the problem that the catalog has with it. */
  unusable: (name: string, reason: string, hint: string | undefined): BulkheadError =>
    userError('BUNDLE_UNUSABLE', `Cannot use the bundle "${name}": ${reason}`, { hint: hint ?? 'bulkhead plugin doctor', data: { name } }),

  disabled: (name: string): BulkheadError =>
    userError('BUNDLE_DISABLED', `Cannot run "${name}": this bundle is disabled`, {
      hint: `bulkhead plugin enable ${name}`,
      data: { name },
    }),

  notACommand: ({ name, services }: Bundle): BulkheadError =>
    userError(
      'BUNDLE_NOT_A_COMMAND',
      `Cannot run "${name}": this plugin is no command, it offers ${services?.types.length ? `services (${services.types.join(', ')})` : 'a service'}`,
      { hint: `bulkhead plugin inspect ${name}`, data: { name } },
    ),

  notStarted: (name: string, program: string, why: string, cause: unknown): BulkheadError =>
    userError('BUNDLE_NOT_STARTED', `Cannot start ${program}, the program of bundle "${name}": ${why}`, {
      hint: `see what it is: file ${program}; head -1 ${program}`,
      data: { name, program },
      cause,
    }),

  notInstalled: ({ name, directory, services }: Bundle): BulkheadError =>
    userError('BUNDLE_NOT_INSTALLED', `plugin "${name}" is a bundle: nobody installed it, it was placed in ${directory}`, {
      hint: `${services === undefined ? '' : `bulkhead system remove ${name}; then `}remove that directory, or the package that brought it; to keep it from being used: bulkhead plugin disable ${name}`,
      data: { name, directory },
    }),

  hasNone: (name: string, command: string): BulkheadError =>
    userError(
      'BUNDLE_HAS_NONE',
      `plugin "${name}" is a bundle, a program with all the rights of whoever starts it: ${command} is not for bundles`,
      {
        hint: `bulkhead plugin inspect ${name}`,
        data: { name, command },
      },
    ),
};
