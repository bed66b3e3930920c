/** What the program of a service finds in its environment, whoever starts it. Pure. */
import { TOOL_DIRECTORIES } from '#base/programs.js';

/** Not the caller's: where programs of the system are. Without any, `#!/usr/bin/env node` finds nothing in /usr/local/bin. */
const PATH = ['/usr/local/sbin', '/usr/local/bin', ...TOOL_DIRECTORIES].join(':');

type Environment = Readonly<Record<string, string | undefined>>;

export function programEnvironment(environment: Environment, stateDirectory: string): Record<string, string | undefined> {
  return { PATH, ...environment, BULKHEAD_PLUGIN_STATE: stateDirectory };
}
