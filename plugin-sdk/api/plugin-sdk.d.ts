// Written by `npm run api`; do not edit.
/**
 * What the author of a plugin imports:
 *
 *   import { definePlugin } from '@bulkhead/plugin-sdk';
 *   export default definePlugin({ name, version, author, description, permissions, commands, callbacks });
 *
 * `bulkhead plugin compile DIR` turns that into one file.
 */
export { definePlugin, type Callbacks, type Command, type Plugin, type PluginDefinition } from './define-plugin.js';
export type { CommandHost, Host } from './host.js';
export type { ConfigChanges, ContainerConfig } from './contract/container-config.js';
export type { PluginData } from './contract/plugin-data.js';
export type { Container, ContainerEvent, Mount, MountPlan } from './contract/shapes.js';
