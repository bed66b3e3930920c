/** What a plugin hands from its `engineConfig` to its own later callbacks of the same run; to no other plugin, and to no later run. */
import type { PluginData } from '@bulkhead/plugin-sdk/contract';
import type { Respondent } from '#host/host.js';
import { wiringErrors } from './errors.js';

const CHARACTERS_MAX = 65_536;

export interface DataOfPlugins {
  /** Throws where it is more than a plugin may keep. Nothing leaves what is there. */
  keep(plugin: string, data: PluginData | undefined): void;
  /** The plugin as somebody to ask, whose input has what it handed on, as it is when it is asked. */
  carry(plugin: Respondent): Respondent;
}

export function openDataOfPlugins(): DataOfPlugins {
  const kept = new Map<string, PluginData>();
  return {
    keep(plugin, data) {
      if (data === undefined) return;
      if (JSON.stringify(data).length > CHARACTERS_MAX) throw wiringErrors.dataTooLarge(plugin, CHARACTERS_MAX);
      kept.set(plugin, data);
    },
    carry: (plugin) => ({
      ...plugin,
      ask: (callback, input) => {
        const data = kept.get(plugin.name);
        return plugin.ask(callback, data === undefined ? input : { ...input, data });
      },
    }),
  };
}
