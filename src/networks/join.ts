/** The networks of a run: what was asked for is judged before anything is made, and done when the container's network namespace is there. */
import { fstatSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { messageOf } from '#base/errors.js';
import { attach, detach } from './attach.js';
import { networkErrors } from './errors.js';
import { bridgeProvider, type FindProvider } from './provider.js';
import { parseNetworks, parsePorts } from './request.js';
import type { NetworkPlace } from './shapes.js';
import { readNetwork } from './store.js';

export interface JoinRequest {
  /** As typed: `--network` and `--publish`. */
  readonly networks: readonly string[] | undefined;
  readonly publish: readonly string[] | undefined;
  readonly uid: number;
  /** Of the container, where it has one. */
  readonly name?: string | undefined;
  readonly findProvider: FindProvider;
  readonly warn: (line: string) => void;
}

interface StartedContainer {
  readonly id: string;
  readonly init: { readonly pid: number; readonly startTicks: string };
}

/** Fits the engine's moment `attach`. */
export type Join = (container: StartedContainer) => Promise<{ readonly detach: () => Promise<void> }>;

/** Throws where it cannot be done: a network is not there, its provider is missing, or who asks is not root. */
export async function prepareJoin(place: NetworkPlace, request: JoinRequest): Promise<Join> {
  const { uid, name, findProvider, warn } = request;
  const wishes = parseNetworks(request.networks);
  const ports = parsePorts(request.publish);
  if (wishes.length === 0)
    throw networkErrors.optionInvalid(
      '--publish',
      request.publish?.[0] ?? '',
      'it needs a network of a name',
      '--network web --publish 8080:80',
    );
  if (uid !== 0) throw networkErrors.needsRoot(`join network ${wishes.map((wish) => wish.name).join(', ')}`);
  for (const wish of wishes) await findProvider((await readNetwork(place, wish.name)).plugin);
  return async ({ id, init }) => {
    // Held open: also when the container has ended, its interface can be taken away in order.
    const held = await open(`/proc/${init.pid}/ns/net`, 'r');
    const namespace = `/proc/${process.pid}/fd/${held.fd}`;
    const names = wishes.map((wish) => wish.name);
    try {
      if (fstatSync(held.fd).ino === statSync('/proc/self/ns/net').ino) throw networkErrors.notOwn(names);
      await attach(place, { container: { id, name, init, namespace }, wishes, ports, findProvider, warn });
    } catch (thrown) {
      await held.close();
      throw thrown;
    }
    return {
      async detach() {
        try {
          await detach(place, { container: id, namespace, warn });
        } catch (thrown) {
          warn(`${messageOf(thrown)}; the next command about networks tries it again`);
        } finally {
          await held.close();
        }
      },
    };
  };
}

/** Those that are built in. */
export function builtinProviders(place: NetworkPlace): FindProvider {
  const bridge = bridgeProvider(place);
  return (name) => (name === bridge.name ? Promise.resolve(bridge) : Promise.reject(networkErrors.pluginMissing(name)));
}
