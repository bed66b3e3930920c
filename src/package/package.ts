/**
 * A plugin as one file, the *package*: a SIF file that Apptainer's own tools can list and dump.
 *
 *   1  plugin.js         partition Raw/Data, group 1   one script, ES2022
 *   2  plugin.manifest   GenericJSON, group 1          what is static in the plugin; begins with Apptainer's four keys
 *   3  plugin.js.map     Generic, group 1              optional
 *   4  plugin.sbom       SBOM, group 1                 optional; what was bundled, CycloneDX
 *   …  signatures and objects that a later Bulkhead adds; a reader that does not know them leaves them alone
 *
 * Nothing in this room runs plugin code. Same manifest and script, same bytes.
 */
export { findValueFault } from './command-line.js';
export { checkManifest, encodeManifest, MANIFEST_BYTES_MAX, parseManifest, sameManifest, type Manifest } from './manifest.js';
export { packPlugin } from './pack.js';
export { digestPackage, PACKAGE_BYTES_MAX, readPackage, readPackageFile, SCRIPT_BYTES_MAX, type PluginPackage } from './read.js';
export { signPackage } from './signatures/sign.js';
export {
  KEY_FILE_BYTES_MAX,
  generateKey,
  keyFingerprint,
  parsePrivateKey,
  parsePublicKey,
  type PrivateKey,
  type PublicKey,
} from './signatures/key.js';
export { examinePackage, hasSignature, type SignatureReport, type SignatureState } from './signatures/verify.js';
export { bundlePlugin } from './bundle.js';
export { buildPlugin, compilePlugin, watchPlugin, type Compiled, type WatchOptions } from './compile.js';
export { createPlugin } from './create.js';
export { listBundled, parseSbom, type BundledPackage, type Sbom } from './sbom.js';
export { compileErrors, packageErrors } from './errors.js';
export { locateInSource } from './positions.js';
