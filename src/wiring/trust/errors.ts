import { userError, type BulkheadError } from '#base/errors.js';

export const trustErrors = {
  modified: (plugin: string, file: string, why: string): BulkheadError =>
    userError('SIGNATURE_MISMATCH', `plugin "${plugin}" was modified since it was signed: ${why}`, {
      hint: `get it again from a source you trust, then: bulkhead plugin verify ${file}`,
      data: { plugin, file, why },
    }),

  revoked: (plugin: string, file: string, why: string): BulkheadError =>
    userError('SIGNATURE_REVOKED', `plugin "${plugin}" is refused: ${why}`, {
      hint: 'get a version that is signed with another key; bulkhead plugin keys list',
      data: { plugin, file, why },
    }),

  required: (plugin: string, file: string, why: string): BulkheadError =>
    userError(
      'SIGNATURE_REQUIRED',
      `plugin "${plugin}" is refused: the policy of this host requires a signature by a trusted key, and ${why}`,
      {
        hint: `as root: bulkhead plugin keys add PUBLIC_KEY, if you trust who signed it; or: bulkhead plugin sign --key KEY ${file}`,
        data: { plugin, file, why },
      },
    ),

  storeInvalid: (path: string, why: string, cause: unknown): BulkheadError =>
    userError('TRUST_STORE_INVALID', `Cannot tell which keys are trusted: ${path}: ${why}`, {
      hint: `ls -ld ${path}; bulkhead plugin keys list`,
      data: { path, why },
      cause,
    }),

  keyNotFound: (which: string): BulkheadError =>
    userError('KEY_NOT_FOUND', `there is no key ${JSON.stringify(which)}`, { hint: 'bulkhead plugin keys list', data: { which } }),

  keyNameInvalid: (name: string): BulkheadError =>
    userError('KEY_NAME_INVALID', `${JSON.stringify(name)} cannot be the name of a key: letters, digits, ".", "_" and "-", at most 64`, {
      hint: 'add --name NAME',
      data: { name },
    }),

  keyNameTaken: (name: string, fingerprint: string): BulkheadError =>
    userError('KEY_NAME_TAKEN', `there is a key ${JSON.stringify(name)} already, and it is another one: ${fingerprint}`, {
      hint: 'add --name NAME',
      data: { name, fingerprint },
    }),

  keyIsRevoked: (name: string, fingerprint: string): BulkheadError =>
    userError('KEY_REVOKED', `the key ${fingerprint} was revoked, as ${JSON.stringify(name)}`, {
      hint: `bulkhead plugin keys remove ${name}, if it is to be trusted again`,
      data: { name, fingerprint },
    }),

  fileTaken: (path: string): BulkheadError =>
    userError('KEY_FILE_EXISTS', `Cannot write ${path}: there is a file already, and a key may be lost for ever`, {
      hint: 'name another file',
      data: { path },
    }),

  fileFailed: (path: string, doing: 'read' | 'write' | 'remove', why: string, cause: unknown): BulkheadError =>
    userError('KEY_FILE_FAILED', `Cannot ${doing} ${path}: ${why}`, { data: { path, why }, cause }),
};
