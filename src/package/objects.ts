/** The names of a package's objects. */
export const SCRIPT_NAME = 'plugin.js';
export const MANIFEST_NAME = 'plugin.manifest';
export const SOURCE_MAP_NAME = 'plugin.js.map';
export const SBOM_NAME = 'plugin.sbom';

export const sdkName = '@bulkhead/plugin-sdk';
