/** The networks of a run: what was asked for is judged before anything is made, and done when the container's network namespace is there. */
import { fstatSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { messageOf } from '#base/errors.js';
import { attach, detach } from './attach.js';
import { findAttachment } from './attachments.js';
import { networkErrors } from './errors.js';
import type { FindProvider } from './provider.js';
import { parseNetworks, parsePorts } from './request.js';
import type { AttachmentRecord, NetworkPlace } from './shapes.js';
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
    const held = await holdNamespace(init.pid);
    const { namespace } = held;
    try {
      held.requireOwn(wishes.map((wish) => wish.name));
      await attach(place, { container: { id, name, init, namespace }, wishes, ports, findProvider, warn });
    } catch (thrown) {
      await held.close();
      throw thrown;
    }
    return {
      async detach() {
        try {
          await detach(place, { container: id, namespace, findProvider, warn });
        } catch (thrown) {
          warn(`${messageOf(thrown)}; the next command about networks tries it again`);
        } finally {
          await held.close();
        }
      },
    };
  };
}

/** What was connected while it ran, and by whomever; its network namespace is gone. */
export async function leave(place: NetworkPlace, container: string, { findProvider, warn }: Surroundings): Promise<void> {
  try {
    await detach(place, { container, namespace: '', findProvider, warn });
  } catch (thrown) {
    warn(`${messageOf(thrown)}; the next command about networks tries it again`);
  }
}

type Surroundings = Pick<JoinRequest, 'findProvider' | 'warn'>;

export interface RunningMember extends StartedContainer {
  readonly name?: string | undefined;
}

/** One that runs; until it ends, or is disconnected. `wish` as for `--network`. */
export async function connect(
  place: NetworkPlace,
  container: RunningMember,
  { wish, ...surroundings }: Surroundings & { readonly wish: string },
): Promise<AttachmentRecord> {
  const [parsed] = parseNetworks([wish]);
  if (parsed === undefined) throw networkErrors.builtin(wish, 'connect a container to');
  const held = await holdNamespace(container.init.pid);
  try {
    held.requireOwn([parsed.name]);
    const request = { container: { ...container, namespace: held.namespace }, wishes: [parsed], ports: [], ...surroundings };
    const [attached] = await attach(place, request);
    if (attached === undefined) throw networkErrors.containerGone(container.name ?? container.id);
    return attached;
  } finally {
    await held.close();
  }
}

/** Throws where it is not in the network, and where it cannot be taken out of it. */
export async function disconnect(
  place: NetworkPlace,
  container: RunningMember,
  { network, findProvider }: Pick<JoinRequest, 'findProvider'> & { readonly network: string },
): Promise<void> {
  const { name } = await readNetwork(place, network);
  if ((await findAttachment(place, { network: name, container: container.id })) === undefined)
    throw networkErrors.notAttached(name, container.name ?? container.id);
  const held = await holdNamespace(container.init.pid);
  const said: string[] = [];
  try {
    const { namespace } = held;
    const done = await detach(place, { container: container.id, network: name, namespace, findProvider, warn: (line) => said.push(line) });
    if (done.length === 0 && said[0] !== undefined) throw networkErrors.stays(name, container.name ?? container.id, said[0]);
  } finally {
    await held.close();
  }
}

interface HeldNamespace {
  readonly namespace: string;
  /** Throws where it is this process's own: there is nothing to put an interface into. */
  readonly requireOwn: (networks: readonly string[]) => void;
  readonly close: () => Promise<void>;
}

/** Held open: also when the container has ended, its interface can be taken away in order. */
async function holdNamespace(pid: number): Promise<HeldNamespace> {
  const held = await open(`/proc/${pid}/ns/net`, 'r');
  return {
    namespace: `/proc/${process.pid}/fd/${held.fd}`,
    requireOwn(networks) {
      if (fstatSync(held.fd).ino === statSync('/proc/self/ns/net').ino) throw networkErrors.notOwn(networks);
    },
    close: () => held.close(),
  };
}
