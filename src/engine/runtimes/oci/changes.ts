/** What somebody else may change of `config.json`: all of it takes away from what the container would have had. Pure. */
import type { RuntimeChanges } from '../../shapes.js';
import type { SeccompFilter } from './seccomp.js';
import type { Spec } from './spec.js';

export function changeSpec(spec: Spec, changes: RuntimeChanges): Spec {
  const { dropCapabilities = [], refuseSystemCalls = [], hide = [], readOnly = [], namespaces = [] } = changes;
  const { process, linux } = spec;
  const keep = (names: readonly string[]): string[] => names.filter((name) => !dropCapabilities.includes(name));
  const { bounding, effective, permitted, inheritable, ambient } = process.capabilities;
  const added = [...new Set(namespaces)].map((type) => ({ type }));
  return {
    ...spec,
    process: {
      ...process,
      capabilities: {
        bounding: keep(bounding),
        effective: keep(effective),
        permitted: keep(permitted),
        inheritable: keep(inheritable),
        ambient: keep(ambient),
      },
    },
    linux: {
      ...linux,
      namespaces: [...linux.namespaces, ...added],
      ...(refuseSystemCalls.length === 0 ? {} : { seccomp: refuseCalls(linux.seccomp, refuseSystemCalls) }),
      ...(hide.length === 0 ? {} : { maskedPaths: hide }),
      ...(readOnly.length === 0 ? {} : { readonlyPaths: readOnly }),
    },
  };
}

const NOT_PERMITTED = 1;
/** What a filter does with a call that is to be made. */
const PERMISSIVE: readonly string[] = ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'];

/** Without any rule for them, as two rules for one call contradict each other; where all is allowed that has no rule, with one that refuses. */
function refuseCalls(filter: SeccompFilter = { defaultAction: 'SCMP_ACT_ALLOW' }, names: readonly string[]): SeccompFilter {
  const { syscalls = [], defaultAction } = filter;
  const kept = syscalls.flatMap((rule) => {
    const others = rule.names.filter((name) => !names.includes(name));
    return others.length === 0 ? [] : [{ ...rule, names: others }];
  });
  const refusal = { names: [...names], action: 'SCMP_ACT_ERRNO', errnoRet: NOT_PERMITTED };
  return { ...filter, syscalls: PERMISSIVE.includes(defaultAction) ? [...kept, refusal] : kept };
}
