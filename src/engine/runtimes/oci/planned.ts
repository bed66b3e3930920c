/**
 * A runtime of somebody else's: asked, once the container's configuration is complete, with what program it is to be run, and what of
 * `config.json` shall be less than it would be. The engine runs that program as any other that speaks the command line of OCI runtimes.
 */
import { runtimeUnsuitable } from '../errors.js';
import type { Moments, RuntimePlan, RuntimeQuestion } from '../../shapes.js';
import type { EntryRequest, Runtime } from '../runtime.js';
import { changeSpec } from './changes.js';
import { findDialect } from './dialects.js';
import { draftSpec, idOf, planEntry, type WrappedProgram } from './entry.js';
import { findProgram, type OciOptions } from './oci.js';
import { loadProfile } from './seccomp.js';
import { UNLIMITED_MARK, type Spec } from './spec.js';

export interface PlannedOptions extends OciOptions {
  readonly plan: NonNullable<Moments['planRuntime']>;
}

export async function openPlannedRuntime(name: string, { runtimes, security, plan }: PlannedOptions): Promise<Runtime> {
  const profile = await loadProfile(security);
  return {
    name,
    makesTerminal: true,
    // What there is to be run is known later; see below.
    refuse: () => undefined,
    async enter(request) {
      const draft = await draftSpec({ ...request, profile }, { leavesDevices: true });
      const planned = await plan(composeQuestion(name, request, draft));
      const program = await openProgram(name, planned, { runtimes, session: request.session });
      if (request.identity === 'user' && !findDialect(program.like).mapsBack)
        throw runtimeUnsuitable(name, `${program.path} runs nobody but uid 0 in a user namespace, and you keep your own uid`);
      return planEntry(program, { ...request, profile, change: (spec) => changeSpec(spec, planned.changes ?? {}) });
    },
  };
}

function composeQuestion(runtime: string, { session, config, identity }: EntryRequest, { process, linux }: Spec): RuntimeQuestion {
  const { terminal, user, args, cwd, capabilities, rlimits = [] } = process;
  const toLimit = (limit: number | string): number | 'unlimited' => (limit === UNLIMITED_MARK ? 'unlimited' : Number(limit));
  return {
    runtime,
    container: { id: idOf(session), image: config.image, identity },
    config: {
      process: {
        terminal,
        user,
        args: [...args],
        envNames: Object.keys(config.env),
        cwd,
        capabilities: [...capabilities.bounding],
        rlimits: rlimits.map(({ type, soft, hard }) => ({ type, soft: toLimit(soft), hard: toLimit(hard) })),
      },
      linux: {
        namespaces: linux.namespaces.flatMap(({ type }) => (type === 'mount' || type === 'user' ? [type] : [])),
        seccomp: linux.seccomp !== undefined,
      },
    },
  };
}

async function openProgram(
  name: string,
  { program, args = [], like, wrapper, changes: { dropCapabilities = [] } = {} }: RuntimePlan,
  { runtimes, session }: { runtimes: OciOptions['runtimes']; session: string },
): Promise<WrappedProgram> {
  const found = await findProgram(program, runtimes);
  const fill = (words: readonly string[]): string[] =>
    words.map((word) => word.replaceAll(/\{(session|id)\}/g, (_, what) => (what === 'id' ? idOf(session) : session)));
  return {
    ...found,
    name,
    args: [...found.args, ...fill(args)],
    ...(like === undefined ? {} : { like }),
    ...(dropCapabilities.length === 0 ? {} : { withoutCapabilities: dropCapabilities }),
    ...(wrapper === undefined ? {} : { wrapper: [wrapper.program, ...fill(wrapper.args)] }),
  };
}
