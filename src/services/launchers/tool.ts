/** The program through which a service manager is spoken to. No exit status is discarded. */
import { execFile } from 'node:child_process';
import { shorten } from '#base/text.js';
import { findTool } from '#base/programs.js';
import { serviceErrors } from '../errors.js';

const TIMEOUT_MS = 90_000;
const OUTPUT_BYTES_MAX = 1_048_576;
const SAID_LENGTH_MAX = 500;
/** How the manager of a user is found; the rest of the caller's environment is nobody's business. */
const passedOn = ['HOME', 'XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS'];

export interface ToolAnswer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Tool {
  /** Rejects with SERVICES_MANAGER_FAILED and its words where it fails with an exit code that is not among `allowed`. */
  run(args: readonly string[], allowed?: readonly number[]): Promise<ToolAnswer>;
}

/** `directories`: where it is looked for, the system's by default. */
export function openTool(name: string, directories: readonly string[] | undefined, env: NodeJS.ProcessEnv = process.env): Tool {
  return {
    async run(args, allowed = []) {
      const file = await findTool(name, directories);
      if (file === undefined) throw serviceErrors.managerMissing(name);
      const answer = await execute(file, args, env);
      if (answer.exitCode !== 0 && !allowed.includes(answer.exitCode)) {
        const said = shorten((answer.stderr || answer.stdout).trim().replaceAll(/\s*\n\s*/g, '; '), SAID_LENGTH_MAX);
        throw serviceErrors.managerFailed(name, { args, exitCode: answer.exitCode, said });
      }
      return answer;
    },
  };
}

/** Exit code 255 where it was ended by a signal or did not end in time. */
function execute(file: string, args: readonly string[], caller: NodeJS.ProcessEnv): Promise<ToolAnswer> {
  const env = { LC_ALL: 'C', PATH: '/usr/bin:/bin', ...Object.fromEntries(passedOn.map((key) => [key, caller[key]])) };
  return new Promise((resolve) => {
    execFile(file, args, { env, timeout: TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX, killSignal: 'SIGKILL' }, (thrown, stdout, stderr) => {
      if (thrown === null) return resolve({ exitCode: 0, stdout, stderr });
      const exitCode = typeof thrown.code === 'number' ? thrown.code : 255;
      resolve({ exitCode, stdout, stderr: stderr === '' ? thrown.message : stderr });
    });
  });
}
