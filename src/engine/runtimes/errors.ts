/** Why a runtime cannot start a command. */
import { userError, type BulkheadError } from '#base/errors.js';
import { cleanLines, quote } from '../errors.js';

export const runtimeInvalid = (name: string, known: readonly string[]): BulkheadError =>
  userError('RUNTIME_UNKNOWN', `Cannot run with the runtime "${name}": it is none of ${known.join(', ')}, and not an absolute path`, {
    hint: 'bulkhead run --runtime crun IMAGE   ([runtimes] in bulkhead.toml names others)',
    data: { name, known },
  });

export const runtimeMissing = (name: string, program: string): BulkheadError =>
  userError('RUNTIME_MISSING', `Cannot run with the runtime "${name}": the program ${program} is not installed, or may not be executed`, {
    hint: program.includes('/') ? `ls -l ${quote(program)}` : `apt-get install ${quote(program)}   (or leave --runtime out)`,
    data: { name, program },
  });

export const runtimeUnsuitable = (name: string, why: string): BulkheadError =>
  userError('RUNTIME_UNSUITABLE', `Cannot run with the runtime "${name}": ${why}`, {
    hint: 'bulkhead run --runtime crun IMAGE   (or the embedded runtime, without --runtime; or --fakeroot)',
    data: { name, why },
  });

/** `said` is what the program wrote into its log. */
export const runtimeFailed = (name: string, said: string): BulkheadError =>
  userError('RUNTIME_FAILED', `Cannot start the command: the runtime "${name}" failed (${cleanLines(said)})`, {
    hint: 'bulkhead run IMAGE   (with the embedded runtime)',
    data: { name, said: cleanLines(said) },
  });

export const seccompInvalid = (file: string, why: string, cause?: unknown): BulkheadError =>
  userError('SECCOMP_INVALID', `Cannot use the seccomp profile ${file}: ${why}`, {
    hint: 'bulkhead run --security-opt seccomp=unconfined IMAGE   (the file must be as "linux.seccomp" of the OCI runtime specification)',
    data: { file },
    cause,
  });
