/**
 * Runtimes that bundles provide, by the bundle's name: for each container an instance of the bundle's service, from the question what is to be
 * run to the container's end.
 *
 *      bin/NAME start --root SESSION --uuid ID [--debug] [--resources DIR] [its own arguments]
 *
 * The container does not hang on it: once it runs, the instance may end. Where the process that asked is killed, its connection ends, which
 * the program sees; what it leaves registered the next container of that runtime removes.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runtimeName } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import { messageOf } from '#base/errors.js';
import { openBundles, type Bundle } from '#catalog/catalog.js';
import { findSession, type Moments } from '#engine/engine.js';
import type { Audit } from '#host/host.js';
import { requireUsableBundle } from './bundles.js';
import { planWith } from './plan-runtime.js';
import { openProvider, type Provider } from './providers.js';
import type { Scene } from './scene.js';

/** As ids of containers are, and no name that somebody gives. */
const containerId = /^[a-z0-9]{12}$/;

function isRuntime({ name, services }: Bundle): boolean {
  return services?.types.includes('runtime') === true && v.is(runtimeName, name);
}

/** Throws why it cannot be used where there is one. Starts nothing. */
export async function findRuntimeBundle(scene: Scene, name: string): Promise<Bundle | undefined> {
  const bundle = v.is(runtimeName, name) ? await requireUsableBundle(scene, name) : undefined;
  return bundle !== undefined && isRuntime(bundle) ? bundle : undefined;
}

export async function listRuntimeBundles({ place }: Scene): Promise<string[]> {
  const { bundles } = await openBundles(place);
  return bundles.filter(({ bundle, enabled }) => enabled && isRuntime(bundle)).map(({ bundle }) => bundle.name);
}

/** Throws where nobody keeps services who could start it. */
export async function requireServices({ paths }: Scene): Promise<void> {
  const { openLauncher } = await import('#services/services.js');
  (await openLauncher({ places: paths.services })).close();
}

export interface BundleRuntime {
  readonly plan: NonNullable<Moments['planRuntime']>;
  /** The container has ended, or never was. Idempotent; never throws. */
  close(): Promise<void>;
}

export function openBundleRuntime(scene: Scene, bundle: Bundle, audit: Audit): BundleRuntime {
  let provider: Promise<Provider> | undefined;

  async function open(id: string): Promise<Provider> {
    await removeStaleInstances(scene, bundle);
    const session = await findSession(scene.paths.run, id);
    const root = session === undefined ? [] : ['--root', session.path];
    return openProvider(scene, {
      bundle,
      type: 'runtime',
      instance: id,
      arguments: ['start', ...root, '--uuid', id, ...(scene.log.isDebug ? ['--debug'] : [])],
      needed: ['runtime'],
    });
  }

  return {
    async plan(question) {
      // Asked again where a root file system is tried in another way: of one and the same container.
      provider ??= open(question.container.id);
      // With the rights of its user it can run whatever it wants: what it names is judged, and written down, and not granted.
      return planWith(await provider, { grantsFor: (program) => ({ runtime: [program] }), audit })(question);
    },
    async close() {
      await provider?.then(
        (opened) => opened.close(),
        () => undefined,
      );
    },
  };
}

/** Of containers that are no more, because whoever ran them was killed. */
async function removeStaleInstances({ paths, log }: Scene, bundle: Bundle): Promise<void> {
  const { openLauncher, removeService } = await import('#services/services.js');
  const places = paths.services;
  const launcher = await openLauncher({ places });
  const services = await launcher.list().finally(() => launcher.close());
  for (const { name, instance } of services) {
    if (name !== bundle.name || instance === undefined || !containerId.test(instance)) continue;
    if ((await findSession(paths.run, instance)) !== undefined) continue;
    // The instance of a network that is called as containers are.
    if (existsSync(join(paths.networks, instance))) continue;
    log.write('debug', `removes instance ${instance} of bundle "${name}": its container is no more`);
    await removeService({ bundle, instance, places }).catch((thrown: unknown) => log.write('warning', messageOf(thrown)));
  }
}
