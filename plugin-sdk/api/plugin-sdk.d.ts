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
export type { ConfigChanges, Container, ContainerConfig, ContainerEvent, Mount, MountPlan } from './contract/shapes.js';
