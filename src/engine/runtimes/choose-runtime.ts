/** From what was typed to the runtime; throws where it is missing, before anything is opened. */
import type { Moments, RunOptions, RunRequest } from '../shapes.js';
import { embedded } from './embedded.js';
import type { Runtime } from './runtime.js';
import { parseSecurityOptions, refuseProfile } from './security-options.js';

export async function chooseRuntime(
  { runtime = embedded.name, securityOptions }: Pick<RunRequest, 'runtime' | 'securityOptions'>,
  { runtimes = {} }: Pick<RunOptions, 'runtimes'>,
  { planRuntime }: Pick<Moments, 'planRuntime'> = {},
): Promise<Runtime> {
  const security = parseSecurityOptions(securityOptions);
  if (runtime === embedded.name) {
    refuseProfile(security);
    return embedded;
  }
  // Most runs need none of it.
  if (planRuntime === undefined) return (await import('./oci/oci.js')).openOciRuntime(runtime, { runtimes, security });
  return (await import('./oci/planned.js')).openPlannedRuntime(runtime, { runtimes, security, plan: planRuntime });
}
