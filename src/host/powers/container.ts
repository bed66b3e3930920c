import type { PowerInput, PowerOutput } from '@bulkhead/plugin-sdk/contract';
import { powerErrors } from '../errors.js';
import type { PowerContext, RunningContainer } from './power-context.js';

/** The container of this run and no other: the plugin names a signal, never a process. */
export function signalContainer({ signal }: PowerInput<'container.signal'>, context: PowerContext): undefined {
  if (!(context.grants['container.signal'] ?? []).includes(signal)) throw powerErrors.notGranted('container.signal', signal);
  requireContainer('container.signal', context).signal(signal);
}

export function readStats(_input: PowerInput<'container.stats'>, context: PowerContext): PowerOutput<'container.stats'> {
  const granted = context.grants['container.stats'] ?? [];
  if (granted.length === 0) throw powerErrors.notGranted('container.stats', 'the container');
  const { memoryBytes, cpuMs, pids } = requireContainer('container.stats', context).use();
  return {
    ...(granted.includes('memory') && { memoryBytes }),
    ...(granted.includes('cpu') && { cpuMs }),
    ...(granted.includes('pids') && { pids }),
  };
}

function requireContainer(power: string, { container }: PowerContext): RunningContainer {
  const running = container?.();
  if (running === undefined) throw powerErrors.noContainer(power);
  return running;
}
