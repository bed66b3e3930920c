/** A connection to a service, for whoever speaks its protocol. */
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bundle, ServiceType } from '#catalog/catalog.js';
import { systemCodeOf } from '#base/errors.js';
import { connectTo } from './client.js';
import { defineService, labelOfService } from './definition.js';
import { serviceErrors } from './errors.js';
import { openLauncher } from './launchers/choose.js';
import type { ServicePlaces } from './places.js';

const CONNECT_RETRY_MS = 20;
const CONNECT_TRIES_MAX = 250;

export interface ConnectRequest {
  readonly bundle: Bundle;
  readonly type: ServiceType;
  /** Of a container or a network; none of what is there once. */
  readonly instance?: string | undefined;
  /** What the program is told of the instance, instead of `start`. */
  readonly arguments?: readonly string[] | undefined;
  readonly places: ServicePlaces;
}

/**
 * Connects to an instance of a plugin's service; registers it, and starts it, where it is not yet. The caller closes the connection,
 * and listens to its errors.
 * Rejects with SERVICES_NOT_RUNNING, SERVICE_FAILED (with the last lines of what it wrote), SERVICE_UNREACHABLE, NOT_A_SERVICE,
 * SERVICE_TYPE_MISSING, SERVICE_NAME_INVALID and what else keeps a service from being registered.
 */
export async function connectService({ bundle, type, instance, arguments: given, places }: ConnectRequest): Promise<Socket> {
  const definition = defineService({ bundle, instance, arguments: given });
  if (!definition.types.includes(type)) throw serviceErrors.typeMissing(bundle.name, type);
  const label = labelOfService(definition);
  const launcher = await openLauncher({ places });
  try {
    const { endpoints } = await launcher.register(definition);
    const path = endpoints.find((endpoint) => endpoint.type === type)?.path ?? '';
    // Then the connection goes straight to the program, and does not end with the daemon.
    await launcher.start(label);
    const socket = await connectPatiently(path, { plugin: bundle.name, label });
    try {
      // What the program takes is what shows that it is there.
      await launcher.awaitReady(label);
      if (socket.errored) throw serviceErrors.unreachable(bundle.name, { label, why: socket.errored.message });
    } catch (thrown) {
      socket.destroy();
      throw thrown;
    }
    return socket;
  } finally {
    launcher.close();
  }
}

/** The kernel takes so many at once, and between two owners of the socket there is an instant without one. */
async function connectPatiently(path: string, { plugin, label }: { plugin: string; label: string }): Promise<Socket> {
  for (let triesLeft = CONNECT_TRIES_MAX; ; triesLeft -= 1) {
    try {
      const socket = await connectTo(path);
      // A program that fails resets it; the daemon knows why.
      socket.on('error', () => undefined);
      return socket;
    } catch (thrown) {
      const code = systemCodeOf(thrown) ?? '';
      if (triesLeft <= 0 || !['EAGAIN', 'ECONNREFUSED', 'ENOENT'].includes(code))
        throw serviceErrors.unreachable(plugin, { label, why: code });
      await delay(CONNECT_RETRY_MS);
    }
  }
}
