/**
 * The contract: all that may cross between the host and a plugin, told once.
 *
 *      host  ── callbacks ──▶  plugin        name, input schema, output schema, deadline
 *      host  ◀──  powers  ───  plugin        name, input schema, output schema, permission
 *
 * Author types, the host's calls, the gate's lists, the manifest and the version lock derive from the two tables below.
 * After a change of any schema: raise CONTRACT_VERSION and the version of the callback or power, then `npm run contract`.
 */
import type * as v from 'valibot';
import { afterCommand } from './callbacks/after-command.js';
import { beforeCommand } from './callbacks/before-command.js';
import { command } from './callbacks/command.js';
import { engineConfig } from './callbacks/engine-config.js';
import { install } from './callbacks/install.js';
import { imageDriverEvent } from './callbacks/image-driver-event.js';
import { monitorContainer } from './callbacks/monitor-container.js';
import { mountImage } from './callbacks/mount-image.js';
import { network } from './callbacks/network.js';
import { postStartProcess } from './callbacks/post-start-process.js';
import { readImage } from './callbacks/read-image.js';
import { registerImageDriver } from './callbacks/register-image-driver.js';
import { runtime } from './callbacks/runtime.js';
import { uninstall } from './callbacks/uninstall.js';
import { upgrade } from './callbacks/upgrade.js';
import { containerSignal, containerStats } from './powers/container.js';
import { userMapping } from './callbacks/user-mapping.js';
import { env } from './powers/env.js';
import { exec } from './powers/exec.js';
import { fetch } from './powers/fetch.js';
import { log } from './powers/log.js';
import { print } from './powers/print.js';
import { readFile } from './powers/read-file.js';
import { storeDelete, storeGet, storeKeys, storeSet } from './powers/store.js';
import { syslog } from './powers/syslog.js';
import { writeFile } from './powers/write-file.js';

export const CONTRACT_VERSION = '1.0.0';

export const callbacks = {
  command,
  beforeCommand,
  afterCommand,
  engineConfig,
  postStartProcess,
  monitorContainer,
  registerImageDriver,
  install,
  upgrade,
  uninstall,
  mountImage,
  readImage,
  imageDriverEvent,
  userMapping,
  runtime,
  network,
};
export type CallbackName = keyof typeof callbacks;
/** Callbacks that are written as such; `command` is written as `commands`. */
export type AskableName = Exclude<CallbackName, 'command'>;
/** What the host sends. */
export type CallbackInput<Name extends CallbackName> = v.InferOutput<(typeof callbacks)[Name]['input']>;
/** What the plugin may answer. */
export type CallbackAnswer<Name extends CallbackName> = v.InferInput<(typeof callbacks)[Name]['output']>;
/** The answer once a schema has passed it. */
export type CallbackOutput<Name extends CallbackName> = v.InferOutput<(typeof callbacks)[Name]['output']>;

export const powers = {
  log,
  print,
  storeGet,
  storeSet,
  storeDelete,
  storeKeys,
  env,
  readFile,
  writeFile,
  fetch,
  exec,
  'container.signal': containerSignal,
  'container.stats': containerStats,
  syslog,
};
export type PowerName = keyof typeof powers;
export type PowerInput<Name extends PowerName> = v.InferOutput<(typeof powers)[Name]['input']>;
export type PowerOutput<Name extends PowerName> = v.InferOutput<(typeof powers)[Name]['output']>;

export const callbackNames = Object.keys(callbacks) as [CallbackName, ...CallbackName[]];
/** Asked once each in the life of a plugin, by `plugin install`, `upgrade` and `uninstall`; never by a run. */
export const lifeCallbackNames = ['install', 'upgrade', 'uninstall'] as const satisfies readonly CallbackName[];
export type LifeCallbackName = (typeof lifeCallbackNames)[number];
/** Powers that a plugin asks for while it runs; `env` is given to the compartment when it starts. */
export type AskedPowerName = Exclude<PowerName, 'env'>;
export const askedPowerNames = (Object.keys(powers) as PowerName[]).filter((name): name is AskedPowerName => name !== 'env');

export * from './configuration.js';
export * from './description.js';
export * from './container-config.js';
export * from './flags.js';
export * from './plugin-data.js';
export * from './runtime-shapes.js';
export * from './network-shapes.js';
export * from './monitor-shapes.js';
export * from './shapes.js';
export {
  type DriverProgram,
  type ImageAnswer,
  type ImageDriverEvent,
  type ImageFeature,
  type ImageToMount,
  type MountAnswer,
} from './image-shapes.js';
export { adapters, findAdapter } from './adapters/adapters.js';
export { type Adapter } from './adapters/adapter.js';
export { CONTRACT } from './lock.generated.js';
export { callback, type Callback } from './callbacks/callback.js';
export { power, type Power } from './powers/power.js';
