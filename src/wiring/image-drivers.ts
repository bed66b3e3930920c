/**
 * Image drivers in a run: who is asked, what of the answer may be carried out, and what they are told.
 *
 *      scheme                     the one plugin with that scheme
 *      squashfs, ext3, overlay    the plugin that `image-driver` names; without it, the one enabled plugin with that feature
 *
 *      start ─▶ registerImageDriver or mountImage [─▶ readImage …] ─▶ [error] ─▶ stop       stop comes to whoever had a start
 */
import type { CallbackName, ImageFeature } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError, messageOf } from '#base/errors.js';
import type { Log } from '#base/log.js';
import type { Installation } from '#catalog/catalog.js';
import type { ImageAnswer, ImageToMount, Moments, Mount, MountAnswer } from '#engine/engine.js';
import { askOne, defaultBudgets, requireDriverProgram, requireMountable, type Audit, type Host, type RunnablePlugin } from '#host/host.js';
import { recordAwaited } from './audit.js';
import { wiringErrors } from './errors.js';

export interface Driver {
  readonly installation: Installation;
  readonly runnable: RunnablePlugin;
}

export interface ImageDriversOptions {
  readonly host: Host;
  readonly drivers: readonly Driver[];
  /** The operator's `image-driver`, and the file that says so. */
  readonly chosen: string | undefined;
  readonly file: string;
  /** What the user called the image. */
  readonly image: string;
  readonly audit: Audit;
  readonly log: Log;
}

export interface ImageDrivers extends Required<Pick<Moments, 'openImage' | 'mountImage'>> {
  /** Tells each driver that was started that all is gone; first, where it failed, why. Never throws. */
  close(failure: unknown): Promise<void>;
}

type PluginAnswer = Awaited<ReturnType<typeof askRegister>>;

/** Throws where the operator's driver is not there. */
export function openImageDrivers(options: ImageDriversOptions): ImageDrivers {
  const { host, drivers, image, log } = options;
  requireChosen(options);
  const started: Driver[] = [];

  async function start(driver: Driver): Promise<void> {
    if (started.includes(driver)) return;
    started.push(driver);
    try {
      await tell(host, driver, { type: 'start', image });
    } catch (error) {
      throw wiringErrors.imageDriverNotStarted(driver.runnable.name, error);
    }
  }

  return {
    async openImage(scheme, reference) {
      const schemed = drivers.filter(({ installation }) => installation.manifest.imageSchemes.length > 0);
      const driver = schemed.find(({ installation }) => installation.manifest.imageSchemes.includes(scheme));
      const known = schemed.flatMap(({ installation }) => installation.manifest.imageSchemes);
      if (driver === undefined) throw wiringErrors.schemeUnknown(scheme, known);
      await start(driver);
      return permit(await askRegister(host, driver, { scheme, reference }), { ...options, driver, scheme });
    },
    async mountImage(what) {
      const driver = findByFeature(options, what.feature);
      if (driver === undefined) return undefined;
      await start(driver);
      return permitMount(await askMount(host, driver, what), { ...options, driver });
    },
    async close(failure) {
      for (const driver of started.toReversed()) {
        const why = failure instanceof BulkheadError && isAboutImage(failure, driver) ? failure.message.slice(0, 4096) : undefined;
        const events = [...(why === undefined ? [] : [{ type: 'error', image, why } as const]), { type: 'stop', image } as const];
        for (const event of events) {
          await tell(host, driver, event).catch((error: unknown) =>
            log.write('warning', `while stopping driver for ${image}: ${messageOf(error)}`),
          );
        }
      }
    },
  };
}

/** A run never goes on without the driver that the operator wants: another one, or the kernel, would read the image in its place. */
function requireChosen({ drivers, chosen, file }: ImageDriversOptions): void {
  if (chosen === undefined) return;
  const found = drivers.find(({ runnable }) => runnable.name === chosen);
  if (found === undefined) throw wiringErrors.imageDriverMissing(chosen, file, 'no enabled plugin has that name and is a driver');
  if (found.installation.manifest.imageFeatures.length === 0)
    throw wiringErrors.imageDriverMissing(chosen, file, 'it has no imageFeatures');
}

/** At most one that is enabled has a feature: the catalog has seen to that. */
function findByFeature({ drivers, chosen }: ImageDriversOptions, feature: ImageFeature): Driver | undefined {
  return drivers.find(
    ({ installation, runnable }) =>
      (chosen === undefined || runnable.name === chosen) && installation.manifest.imageFeatures.includes(feature),
  );
}

function askRegister(host: Host, { runnable }: Driver, input: { scheme: string; reference: string }) {
  return askOne(host.respondent(runnable), 'registerImageDriver', input);
}

type Event = { type: 'start' | 'stop'; image: string } | { type: 'error'; image: string; why: string };

async function tell(host: Host, { installation, runnable }: Driver, event: Event): Promise<void> {
  if (!installation.manifest.callbacks.includes('imageDriverEvent')) return;
  await askOne(host.respondent(runnable), 'imageDriverEvent', { event });
}

/** What went wrong with an image, or with the plugin itself; a wrong flag is no concern of a driver. */
function isAboutImage({ code, data }: BulkheadError, { runnable }: Driver): boolean {
  return /^(?:IMAGE|OVERLAY|MOUNT)_/.test(code) || data['plugin'] === runnable.name;
}

interface Permission extends ImageDriversOptions {
  readonly driver: Driver;
}

/** What the plugin answered, as far as it was granted; paths are then real ones. */
async function permit(answer: PluginAnswer, context: Permission & { scheme: string }): Promise<ImageAnswer> {
  const callback = 'registerImageDriver';
  switch (answer.type) {
    case 'directory':
      return { ...answer, path: await permitPath(answer.path, { ...context, callback }) };
    case 'program':
      return { ...answer, program: await permitProgram(answer, { ...context, callback }) };
    case 'stream':
      return { ...answer, parts: readParts(answer.handle, context), limits: limitsOf(context.driver) };
    case 'plan':
    case undefined: {
      const mounts: Mount[] = [];
      for (const mount of answer.mounts) {
        const permitted = mount.type === 'bind' ? await permitBind(mount, { ...context, callback }) : mount;
        if (permitted !== undefined) mounts.push(permitted);
      }
      return { ...answer, mounts };
    }
  }
}

async function permitMount(answer: Awaited<ReturnType<typeof askMount>>, context: Permission): Promise<MountAnswer> {
  const callback = 'mountImage';
  if (answer.type === 'program') return { ...answer, program: await permitProgram(answer, { ...context, callback }) };
  if (answer.type === 'directory') return { ...answer, path: await permitPath(answer.path, { ...context, callback }) };
  return answer;
}

function askMount(host: Host, { runnable }: Driver, what: ImageToMount) {
  return askOne(host.respondent(runnable), 'mountImage', what);
}

type Use = Permission & { readonly callback: CallbackName };

function permitProgram({ program, args }: { program: string; args: string[] }, { driver, audit, callback }: Use): Promise<string> {
  const { name, grants } = driver.runnable;
  return recordAwaited(audit, { plugin: name, callback, power: 'exec', argument: { program, args } }, () =>
    requireDriverProgram(name, program, grants),
  );
}

async function permitPath(path: string, use: Use): Promise<string> {
  const real = await findPermitted(path, use);
  if (real === undefined) throw wiringErrors.imageSourceMissing(use.driver.runnable.name, path);
  return real;
}

/** An optional bind of what is not there is left out. */
async function permitBind(mount: Mount & { type: 'bind' }, use: Use): Promise<Mount | undefined> {
  const real = await findPermitted(mount.source, use);
  if (real === undefined && mount.optional !== true) throw wiringErrors.imageSourceMissing(use.driver.runnable.name, mount.source);
  return real === undefined ? undefined : { ...mount, source: real };
}

function findPermitted(path: string, { driver, audit, callback }: Use): Promise<string | undefined> {
  const { name, grants } = driver.runnable;
  return recordAwaited(audit, { plugin: name, callback, power: 'mount', argument: { path } }, () => requireMountable(name, path, grants));
}

/** Asks for part after part, each when the one before it has been taken. */
async function* readParts(handle: string, { host, driver, scheme }: Permission & { scheme: string }): AsyncGenerator<Uint8Array> {
  const { name } = driver.runnable;
  const respondent = host.respondent(driver.runnable);
  for (let offset = 0; ;) {
    const { bytes, last } = await askOne(respondent, 'readImage', { scheme, handle, offset });
    const { length } = bytes;
    // Who takes them moves them on: none is left here.
    if (length > 0) yield bytes;
    if (last) return;
    if (length === 0) throw wiringErrors.imagePartEmpty(name, offset);
    offset += length;
  }
}

function limitsOf({ runnable: { budgets = defaultBudgets } }: Driver) {
  const mib = 1_048_576;
  return {
    streamBytes: budgets['image-stream-mib'] * mib,
    unpackedBytes: budgets['image-unpacked-mib'] * mib,
    entries: budgets['image-entries'],
  };
}
