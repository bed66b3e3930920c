/** The moments of a run whose plugins are in another process: each is a call. The other half is serve-moments.ts. */
import type { NetworkQuestion } from '@bulkhead/plugin-sdk/contract';
import { messageOf } from '#base/errors.js';
import { toPlainError } from '#base/plain-error.js';
import type { ImageAnswer, Moments } from '#engine/engine.js';
import type { Channel } from './channel.js';
import type { hostCalls, MomentName, NetworkMoments } from './protocol.js';

type Host = Channel<typeof hostCalls>;

export function remoteMoments(host: Host, names: readonly MomentName[], log: (line: string) => void): Moments & NetworkMoments {
  const all: { [Name in MomentName]: Pick<Moments & NetworkMoments, Name> } = {
    openImage: { openImage: (scheme, reference) => openImage(host, scheme, reference) },
    mountImage: { mountImage: (image) => host.call('mountImage', image) },
    configure: { configure: async (config) => (await host.call('configure', config)) ?? config },
    mapUsers: { mapUsers: (caller) => host.call('mapUsers', caller) },
    planRuntime: { planRuntime: (question) => host.call('planRuntime', question) },
    askNetwork: { askNetwork: (question) => host.call('askNetwork', question as NetworkQuestion) },
    started: { started: (container) => host.call('started', { container }) },
    controller: {
      controller: {
        decide: (container, event) => host.call('decide', { container, event }),
        lost: (why) => void host.call('controllerLost', { fault: toPlainError(why) }).catch((error: unknown) => log(messageOf(error))),
      },
    },
    observe: { observe: (container, event) => host.call('observe', { container, event }) },
  };
  return Object.assign({}, ...names.map((name) => all[name])) as Moments & NetworkMoments;
}

async function openImage(host: Host, scheme: string, reference: string): Promise<ImageAnswer | undefined> {
  const opened = await host.call('openImage', { scheme, reference });
  if (opened === undefined) return undefined;
  const { answer, limits } = opened;
  if (answer.type !== 'stream') return answer;
  const { handle, ...rest } = answer;
  return { ...rest, parts: readParts(host, handle), limits: limits as Extract<ImageAnswer, { type: 'stream' }>['limits'] };
}

/** Asks for part after part, each when the one before it has been taken. */
async function* readParts(host: Host, handle: string): AsyncGenerator<Uint8Array> {
  for (;;) {
    const part = await host.call('readPart', { handle });
    if (part === undefined) return;
    yield part;
  }
}
