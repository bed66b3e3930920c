/** Fulfils the moments of a run that another process runs; the other half of remote-moments.ts. Knows nothing of plugins. */
import { isDeepStrictEqual } from 'node:util';
import type { MonitorDecision, NetworkAnswer } from '@bulkhead/plugin-sdk/contract';
import { fromPlainError } from '#base/plain-error.js';
import { reachProcesses, type ImageAnswer, type Moments } from '#engine/engine.js';
import type { Handlers } from './channel.js';
import { monitorErrors } from './errors.js';
import { momentNames, type hostCalls, type MomentName, type NetworkMoments } from './protocol.js';

type Parts = AsyncIterator<Uint8Array>;

/** Which moments there are. */
export function namesOf(moments: AllMoments): MomentName[] {
  return momentNames.filter((name) => moments[name] !== undefined);
}

type AllMoments = Moments & NetworkMoments;

/** `moments` are there once the run has begun. */
export function serveMoments(moments: () => AllMoments | undefined): Omit<Handlers<typeof hostCalls>, 'begin'> {
  const streams = new Map<string, Parts>();

  function requireMoment<Name extends keyof AllMoments>(name: Name): NonNullable<AllMoments[Name]> {
    const moment = moments()?.[name];
    if (moment === undefined) throw monitorErrors.messageInvalid(name, 'nobody takes part in this moment');
    return moment;
  }

  return {
    async openImage({ scheme, reference }) {
      const answer = await requireMoment('openImage')(scheme, reference);
      return answer === undefined ? undefined : publish(answer, streams);
    },
    async readPart({ handle }) {
      const parts = streams.get(handle);
      if (parts === undefined) throw monitorErrors.messageInvalid('readPart', 'there is no such stream');
      const next = await parts.next();
      if (next.done !== true) return next.value;
      streams.delete(handle);
      return undefined;
    },
    mountImage: (image) => requireMoment('mountImage')(image),
    async configure(config) {
      const configured = await requireMoment('configure')(structuredClone(config));
      return isDeepStrictEqual(configured, config) ? undefined : configured;
    },
    mapUsers: (caller) => requireMoment('mapUsers')(caller),
    planRuntime: (question) => requireMoment('planRuntime')(question),
    // Arrays of the contract's may be written to, those of networks not: it goes out as plain data.
    askNetwork: async (question) => (await requireMoment('askNetwork')(question)) as NetworkAnswer,
    reach: (processes) => void moments()?.reach?.(reachProcesses(processes)),
    started: ({ container }) => requireMoment('started')(container),
    // Node has more names for signals than the contract; the other side looks at what it is.
    decide: async ({ container, event }) => (await requireMoment('controller').decide(container, event)) as MonitorDecision | undefined,
    controllerLost: ({ fault }) => requireMoment('controller').lost(fromPlainError(fault)),
    observe: ({ container, event }) => requireMoment('observe')(container, event),
  };
}

function publish(answer: ImageAnswer, streams: Map<string, Parts>) {
  if (answer.type !== 'stream') return { answer };
  const { parts, limits, ...rest } = answer;
  const handle = String(streams.size + 1);
  streams.set(handle, parts[Symbol.asyncIterator]());
  return { answer: { ...rest, handle }, ...(limits === undefined ? {} : { limits }) };
}
