import { definePlugin } from '@bulkhead/plugin-sdk';

const memoryBytes = 64 * 1024 * 1024;

/** Holds every container to 64 MiB of memory and 256 processes; the equal of Apptainer's config-plugin, which sets a control group too. */
export default definePlugin({
  name: 'example.com/limits-plugin',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'Holds every container to a limit of memory and of processes',
  permissions: { config: ['limits'] },
  callbacks: {
    engineConfig({ config }, host) {
      const asked = config.limits?.memoryBytes ?? memoryBytes;
      host.log.info('Overriding cgroups config');
      // What the user asked for may be less, never more.
      return { limits: { memoryBytes: Math.min(asked, memoryBytes), pids: 256 } };
    },
  },
});
