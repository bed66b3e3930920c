/**
 * Where the rooms meet: the commands call these functions, each of which builds what it needs out of the rooms below.
 *
 *   cli ─▶ Product ─┬─ plugins.ts       install, list, …     catalog, package      no plugin code
 *                   ├─ upgrade.ts       upgrade              catalog, package      no plugin code
 *                   ├─ life.ts          its say in these     catalog, host
 *                   ├─ grants.ts        permissions, grant   catalog               no plugin code
 *                   ├─ trust/           sign, verify, keys    package               no plugin code
 *                   ├─ compile.ts       compile              package, host
 *                   ├─ run-command.ts   a plugin's command   catalog, host
 *                   ├─ run.ts           run                  catalog, host, engine
 *                   ├─ background/      run --detach, start  containers, monitor  plugins in a process beside it
 *                   ├─ containers.ts    list, stop, …        containers, engine    no plugin code
 *                   ├─ exec.ts          exec                 containers, engine    no plugin code
 *                   ├─ volumes.ts       volume …             containers, engine    no plugin code
 *                   ├─ system.ts         system start, stop, …  services              programs of plugins, as processes of their own
 *                   ├─ networks.ts       network …            networks, containers no plugin code
 *                   ├─ order.ts          order                catalog               no plugin code
 *                   ├─ images.ts         image pull, list, …  images                no plugin code
 *                   ├─ bundles.ts        plugins that are programs: list, inspect, …   catalog     no program of one
 *                   ├─ run-bundle.ts     a bundle's command   catalog              its program, as a child
 *                   ├─ doctor.ts         doctor               catalog              no plugin code
 *                   └─ selftest.ts      selftest             selftest
 *
 * The rooms that are slow to load (host, engine) are imported by the functions that need them: `plugin list` starts no worker
 * because it never loads the room that could.
 */
import type { CallbackInput } from '@bulkhead/plugin-sdk/contract';
import type { Log } from '#base/log.js';
import type { Catalog, CatalogPlace, Installation } from '#catalog/catalog.js';
import type { ContainerRecord } from '#containers/containers.js';
import type { ExecRequest, RunRequest, RunResult } from '#engine/engine.js';
import type { Compiled, Sbom, SignatureReport, WatchOptions } from '#package/package.js';
import type { SelftestReport } from '#selftest/selftest.js';
import { listContributions, listNames, listSummaries, type CommandSummary, type Contributions, type TypedLine } from './contributions.js';
import type { Invocation } from './around-command.js';
import type { BundleCommand, ListedBundle } from './bundles.js';
import type { BackgroundStart } from './background/background.js';
import type { NewContainer } from './new-container.js';
import type { ConfigurationChange, ConfigureRequest } from './configure.js';
import type { ImageList, ImageReport, PullReport, PullRequest, PullWhen, RemovedImages } from './images.js';
import { openScene, type SceneOptions } from './open-scene.js';
import type { ContainerCommands } from './containers.js';
import type { ChangeRequest } from './choose-directory.js';
import type { GrantChange, PermissionReport } from './grants.js';
import type { DoctorReport } from './doctor.js';
import type { NetworkCommands } from './networks.js';
import type { OrderReport } from './order.js';
import type { DryRun } from './run.js';
import type { Inspection, InstallRequest, UninstallRequest } from './plugins.js';
import type { BundleOutcome } from './run-bundle.js';
import type { Scene } from './scene.js';
import type { SelftestRequest } from './selftest.js';
import type { KeyChange, KeyDescription, NewKey } from './trust/keys.js';
import type { SignedPackage, SignRequest, Verification } from './trust/sign.js';
import type { Upgrade, UpgradeRequest } from './upgrade.js';
import type { SystemCommands } from './system.js';
import type { VolumeCommands } from './volumes.js';

export type ProductOptions = Omit<SceneOptions, 'early'> & { readonly early?: Product | undefined };

export interface Product {
  readonly log: Log;
  create(directory: string, name: string): Promise<string>;
  readonly place: CatalogPlace;
  /** Reads the outlines of what is installed at the first call. */
  readonly outlines: Scene['outlines'];
  compile(directory: string, out?: string): Promise<Compiled>;
  /** Compiles again with each change of the source, until the signal aborts. */
  watch(directory: string, options: Omit<WatchOptions, 'describe'>): Promise<void>;
  install(file: string, request: InstallRequest): Promise<Installation | undefined>;
  upgrade(nameOrFile: string, request: UpgradeRequest): Promise<Upgrade>;
  uninstall(name: string, request: UninstallRequest): Promise<unknown>;
  setEnabled(
    name: string,
    request: ChangeRequest & { enabled: boolean },
  ): Promise<{ name: string; enabled: boolean; changed: boolean; lifted: boolean }>;
  list(): Promise<{ plugins: readonly ListedPlugin[]; bundles: readonly ListedBundle[]; problems: Catalog['problems'] }>;
  readonly bundles: BundleCommands;
  /** What is wrong with plugins of either kind; runs no code of theirs. */
  doctor(): Promise<DoctorReport>;
  inspect(nameOrFile: string): Promise<Inspection>;
  /** What was bundled, of a file or of an installed plugin. */
  sbom(nameOrFile: string): Promise<Sbom>;
  permissions(name: string): Promise<PermissionReport>;
  grant(name: string, permissions: readonly string[], request: ChangeRequest): Promise<GrantChange>;
  revoke(name: string, permissions: readonly string[], request: ChangeRequest): Promise<GrantChange>;
  sign(file: string, request: SignRequest): Promise<SignedPackage>;
  /** With keys, only these are trusted; else those of the stores are. */
  verify(nameOrFile: string, keyFiles: readonly string[]): Promise<Verification>;
  readonly keys: KeyCommands;
  readonly images: ImageCommands;
  /** What plugins add to the command line; runs none of their code. */
  contributions(line?: TypedLine): Promise<Contributions>;
  configure(name: string, request: ConfigureRequest): Promise<ConfigurationChange>;
  /** What can be set of an installed plugin, and what is. */
  configuration(name: string): Promise<ConfigurationChange>;
  /** The commands of plugins, each with its summary. */
  summaries(): Promise<CommandSummary[]>;
  /** Of all installed plugins, for completion. */
  names(): Promise<string[]>;
  runCommand(plugin: string, input: CallbackInput<'command'>): Promise<number>;
  /** `told`: what is kept of it while it runs, and after that where it has a name. */
  run(invocation: Invocation<RunRequest>, told: NewContainer): Promise<RunResult>;
  /** Runs a container in the background; resolves when its command runs. */
  runInBackground(invocation: Invocation<RunRequest>, told: NewContainer): Promise<BackgroundStart>;
  /** Makes a container out of the image and the command, and starts nothing; answers with its id. */
  /** Throws where nobody has a runtime of this name; runs no plugin code. */
  requireRuntime(name: string | undefined): Promise<void>;
  /** Throws where one of these networks, or the plugin behind it, is not there; runs no plugin code. */
  requireNetworks(typed: readonly string[] | undefined): Promise<void>;
  createContainer(args: readonly string[], told: NewContainer): Promise<string>;
  readContainer(what: string): Promise<ContainerRecord>;
  /** Starts one that is there; `invocation` is what it was made with, parsed again. */
  startContainer(id: string, invocation: Invocation<RunRequest>, options: { readonly types: boolean }): Promise<BackgroundStart>;
  /** What each plugin would change of the container's configuration; starts nothing. */
  dryRun(invocation: Invocation<RunRequest>): Promise<DryRun>;
  /** The verbs on containers that were made; runs no plugin code. */
  containers(): Promise<ContainerCommands>;
  /** A further command in a container that runs; runs no plugin code. */
  exec(what: string, request: Omit<ExecRequest, 'container'>): Promise<RunResult>;
  /** Named volumes; runs no plugin code. */
  volumes(): Promise<VolumeCommands>;
  /** Services of plugins, and the daemon that keeps them; `version` is bulkhead's own. */
  system(version: string): Promise<SystemCommands>;
  /** Networks of a name. */
  networks(): Promise<NetworkCommands>;
  order(): Promise<OrderReport>;
  setOrder(names: readonly string[], request: ChangeRequest): Promise<OrderReport>;
  /** Tries the ways out of a compartment on this machine; needs no installed plugin. */
  selftest(request: SelftestRequest): Promise<SelftestReport>;
}

/** Plugins that are programs. */
export interface BundleCommands {
  /** Nothing where the name or path means none. */
  inspect(nameOrPath: string): Promise<{ readonly bundle: ListedBundle; readonly notes: readonly string[] } | undefined>;
  /** Those that can be typed. */
  commands(): Promise<BundleCommand[]>;
  /** Runs its program; nothing where there is no such bundle. */
  run(name: string, args: readonly string[]): Promise<BundleOutcome | undefined>;
  /** Of all, for completion. */
  names(): Promise<string[]>;
}

/** Images in the store, and how they get there. */
export interface ImageCommands {
  pull(image: string, request: PullRequest): Promise<PullReport>;
  /** Only for images of registries. */
  ensure(image: string, request: PullRequest & { readonly when: PullWhen }): Promise<PullReport | undefined>;
  list(): Promise<ImageList>;
  inspect(image: string): Promise<ImageReport>;
  remove(images: readonly string[]): Promise<readonly RemovedImages[]>;
  prune(options: { readonly all: boolean }): Promise<RemovedImages>;
}

/** The keys that are trusted to sign plugins, or not any more. */
export interface KeyCommands {
  list(): Promise<{ keys: KeyDescription[]; problems: string[] }>;
  add(file: string, request: ChangeRequest & { name?: string | undefined }): Promise<KeyChange>;
  remove(which: string, request: ChangeRequest): Promise<KeyChange>;
  revoke(which: string, request: ChangeRequest): Promise<KeyChange>;
  generate(path: string, passphraseFile: string | undefined): Promise<NewKey>;
}

/** `signature`: absent where the package cannot be read. */
export type ListedPlugin = Installation & { readonly signature: SignatureReport | undefined };

/** Opens the product. Reads and starts nothing. */
export function openProduct(options: ProductOptions): Product {
  const scene = openScene(options);
  const { log, place, outlines } = scene;
  const plugins = () => import('./plugins.js');
  const grants = () => import('./grants.js');
  const signing = () => import('./trust/sign.js');
  const keys = () => import('./trust/keys.js');
  const bundles = () => import('./bundles.js');
  /** What is for installed plugins alone; says so where the name is that of a bundle. */
  const installed = async (name: string, command: string): Promise<void> => (await bundles()).refuseBundle(scene, name, command);
  const installedOrFile = async (nameOrFile: string, command: string): Promise<void> =>
    (await (await import('./is-there.js')).isThere(nameOrFile)) ? undefined : installed(nameOrFile, command);
  const images = () => import('./images.js');
  const background = () => import('./background/background.js');
  return {
    log,
    create: async (directory, name) => (await import('#package/package.js')).createPlugin(directory, name),
    place,
    outlines,
    compile: async (directory, out) => (await import('./compile.js')).compile(scene, directory, out),
    watch: async (directory, options) => (await import('./compile.js')).watch(scene, directory, options),
    install: async (file, request) => (await plugins()).installPlugin(scene, file, request),
    upgrade: async (nameOrFile, request) => {
      await installedOrFile(nameOrFile, 'upgrade');
      return (await import('./upgrade.js')).upgradePlugin(scene, nameOrFile, request);
    },
    uninstall: async (name, request) => {
      await installed(name, 'uninstall');
      return (await plugins()).uninstall(scene, name, request);
    },
    setEnabled: async (name, request) =>
      (await (await bundles()).changeBundleEnabled(scene, name, request)) ?? (await plugins()).changeEnabled(scene, name, request),
    list: async () => {
      const { installations, signatures, problems } = await (await plugins()).listPlugins(scene);
      const { bundles: found, problems: others } = await (await bundles()).listBundles(scene);
      const sorted = installations.toSorted((a, b) => (a.name < b.name ? -1 : 1));
      return {
        plugins: sorted.map((plugin) => ({ ...plugin, signature: signatures.get(plugin.name) })),
        bundles: found,
        problems: (await import('./doctor.js')).joinProblems([...problems, ...others]),
      };
    },
    bundles: {
      inspect: async (nameOrPath) => (await bundles()).inspectBundle(scene, nameOrPath),
      commands: async () => (await bundles()).listBundleCommands(scene),
      run: async (name, args) => (await import('./run-bundle.js')).runBundle(scene, name, args),
      names: async () => (await bundles()).listBundleNames(scene),
    },
    doctor: async () => (await import('./doctor.js')).examinePlugins(scene),
    inspect: async (nameOrFile) => (await plugins()).inspectPlugin(scene, nameOrFile),
    sbom: async (nameOrFile) => {
      await installedOrFile(nameOrFile, 'inspect --sbom');
      return (await plugins()).readSbom(scene, nameOrFile);
    },
    configure: async (name, request) => {
      await installed(name, 'configure');
      return (await import('./configure.js')).configure(scene, name, request);
    },
    configuration: async (name) => {
      await installed(name, 'configure');
      return (await import('./configure.js')).reportConfiguration(scene, name);
    },
    permissions: async (name) => {
      await installed(name, 'permissions');
      return (await grants()).reportPermissions(scene, name);
    },
    grant: async (name, permissions, request) => {
      await installed(name, 'grant');
      return (await grants()).grant(scene, name, permissions, request);
    },
    revoke: async (name, permissions, request) => {
      await installed(name, 'revoke');
      return (await grants()).revoke(scene, name, permissions, request);
    },
    sign: async (file, request) => (await signing()).signFile(file, request),
    verify: async (nameOrFile, keyFiles) => {
      await installedOrFile(nameOrFile, 'verify');
      return (await signing()).verifySignature(scene, nameOrFile, keyFiles);
    },
    keys: {
      list: async () => (await keys()).listKeys(scene),
      add: async (file, request) => (await keys()).addKey(scene, file, request),
      remove: async (which, request) => (await keys()).removeKey(scene, which, request),
      revoke: async (which, request) => (await keys()).revokeKey(scene, which, request),
      generate: async (path, passphraseFile) => (await keys()).generateKeyFiles(path, passphraseFile),
    },
    images: {
      pull: async (image, request) => (await images()).pullImage(scene, image, request),
      ensure: async (image, request) => (await images()).ensureImage(scene, image, request),
      list: async () => (await images()).listImages(scene),
      inspect: async (image) => (await images()).inspectImage(scene, image),
      remove: async (names) => (await images()).removeImages(scene, names),
      prune: async (options) => (await images()).pruneStore(scene, options),
    },
    contributions: (line) => listContributions(scene, line),
    summaries: () => listSummaries(scene),
    names: () => listNames(scene),
    runCommand: async (plugin, input) => (await import('./run-command.js')).runCommand(scene, plugin, input),
    run: async (invocation, told) => (await import('./run.js')).run(scene, invocation, told),
    runInBackground: async (invocation, told) => (await background()).runInBackground(scene, invocation, told),
    requireRuntime: async (name) => (name === undefined ? undefined : (await import('./require-runtime.js')).requireRuntime(scene, name)),
    requireNetworks: async (typed = []) =>
      typed.every((name) => name === 'none' || name === 'host')
        ? undefined
        : (await import('./network-plugins.js')).requireNetworks(scene, typed),
    createContainer: async (args, told) => (await background()).createContainer(scene, args, told),
    readContainer: async (what) => (await background()).readContainer(scene, what),
    startContainer: async (id, invocation, options) => (await background()).startContainer(scene, id, invocation, options),
    dryRun: async (invocation) => (await import('./run.js')).dryRun(scene, invocation),
    containers: async () => (await import('./containers.js')).openContainers(scene),
    exec: async (what, request) => (await import('./exec.js')).exec(scene, what, request),
    volumes: async () => (await import('./volumes.js')).openVolumes(scene),
    system: async (version) => (await import('./system.js')).openSystem(scene, version),
    networks: async () => (await import('./networks.js')).openNetworks(scene),
    order: async () => (await import('./order.js')).reportOrder(scene),
    setOrder: async (names, request) => (await import('./order.js')).setOrder(scene, names, request),
    selftest: async (request) => (await import('./selftest.js')).selftest(scene, request),
  };
}

export type { OptionRequest, RunRequest } from '#engine/engine.js';
export { absentValue, type FlagDefinition, type FlagValue, type FlagValues } from '@bulkhead/plugin-sdk/contract';
export { findValueFault, type Compiled } from '#package/package.js';
export { extendableCommands } from './contributions.js';
export type { AddedValues, Invocation } from './around-command.js';
export type { ContainerRecord } from '#containers/containers.js';
export type { ContainerCommands, TypedInput } from './containers.js';
export type { BackgroundStart } from './background/background.js';
export type { NewContainer } from './new-container.js';
export type { AddedFlag, CommandSummary, ContributedCommand, Contributions } from './contributions.js';
export type { BuiltinFlags } from './scene.js';
export type { BootReport } from './boot-services.js';
export type { SystemReport } from './system.js';
export type { BundleCommand, ListedBundle } from './bundles.js';
export type { Finding } from './doctor.js';
export type { DryRun } from './run.js';
export type { ContainerDescription, ContainerStats, OutputPart } from './containers.js';
export type { Setting } from './configure.js';
export type { ImageProgress, PullRequest } from './images.js';
export type { NetworkPlugin } from './networks.js';
export type { PermissionReport } from './grants.js';
export type { BundledPackage as Bundled } from '#package/package.js';
export { describeSignature } from './trust/describe.js';
