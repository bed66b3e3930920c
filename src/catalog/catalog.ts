/**
 * What is installed. Never runs plugin code: this room cannot even import the one that does.
 *
 *   <directory>/                                        0755, of root or of the caller, writable by nobody else
 *     packages/<sha256 of the file>.sif                 0644, the package, whole, byte for byte
 *     receipts/<sha256 of the plugin's name>.json       0644, "this plugin is installed": its package, the grants, a copy of the manifest
 *     order.json                                        0644, the operator's order of plugins, where there is one
 *     index.json                                        0644, what help and a run need of all receipts; a cache (outline.ts)
 *     <name>/                                           a bundle (bundles/): nobody installed it, somebody placed it
 *     bundles.json                                      0644, which bundles are disabled, where one is
 *     lock/                                             there while somebody changes something
 *
 * A plugin is installed when it has a receipt. The receipt is written last and removed first, each by one system call, so that whoever
 * is killed leaves the old state or the new one; what lies about without a receipt is removed by the next change. Names are hashed
 * and never become a path: `a/b` and `a/b/c` have nothing to do with each other.
 *
 * Reading needs no lock. Directories are asked in order, the first that has a name wins, and what does not count is a problem with a reason.
 */
export { endpointName, labelOf, namePattern, serviceTypes, type Bundle, type ServiceType } from './bundles/bundle.js';
export { findBundle, openBundles, withSettings, type BundleCatalog, type FoundBundle } from './bundles/find.js';
export { setBundleEnabled } from './bundles/switches.js';
export { startArguments, startEnvironment } from './bundles/start.js';
export { openClaims, splitClaim, splitFlag, type Claim } from './claims.js';
export { changeConfiguration } from './change-configuration.js';
export { fieldOf, findFaults, findMissing, requireConfigured, requireFitting, valuesOf, withDefaults } from './configuration.js';
export { changeGrants } from './change-grants.js';
export { checkCompatibility, requireCompatibility, type VersionLock } from './compatibility.js';
export { type ReservedWords } from './conflicts.js';
export { findInstallation, openCatalog, openCatalogFor, openOutlines } from './discover.js';
export { readDetails, type Details, type Outline } from './outline.js';
export { isAskedFor, type PermissionValues } from './grants.js';
export {
  type Catalog,
  type CatalogPlace,
  type CatalogProblem,
  type Installation,
  type PluginDirectory,
  type PluginScope,
} from './installation.js';
export { setEnabled } from './enable.js';
export { checkInstall, installPackage, type InstallOptions } from './install.js';
export { readInstalled } from './load.js';
export { changeOrder, findReplacing, readOrders, sortPlugins, type DirectoryOrder } from './order.js';
export { isSkippable, type Receipt, type IsolationChoice, type OnFailure } from './receipt.js';
export { findDistrust } from './trust.js';
export { uninstallPlugin } from './uninstall.js';
