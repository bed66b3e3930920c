/** What is true of a container: what was written of it, held against /proc. Pure but for /proc. */
import { judgeProcess } from './process.js';
import type { ContainerState, ProcessReference } from './shapes.js';

/** `damaged` is none of these: such a container has a problem in place of a status. */
export type TrueStatus = Pick<ContainerState, 'status' | 'exitCode' | 'reason'>;

/** Whoever was killed with SIGKILL wrote no exit code. */
const KILLED = 137;

export function judgeStatus(state: ContainerState): TrueStatus {
  const { status, monitor, command, exitCode, reason } = state;
  if (status === 'created') return { status };
  if (status === 'stopped') return { status, exitCode: exitCode ?? KILLED, ...(reason === undefined ? {} : { reason }) };
  // Its monitor outlives its command by the moment in which it writes that down.
  if (mayLive(monitor) || (status === 'running' && mayLive(command))) return { status };
  return {
    status: 'stopped',
    exitCode: KILLED,
    reason: `its monitor was killed or the machine was restarted while it was ${status}; its exit code is not known`,
  };
}

/** Whether its monitor and its command are gone for sure. */
export function hasEnded({ monitor, init, command }: ContainerState): boolean {
  return ![monitor, init, command].some(mayLive);
}

function mayLive(process: ProcessReference | undefined): boolean {
  return process !== undefined && judgeProcess(process) !== 'dead';
}
