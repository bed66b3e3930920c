import { definePlugin } from '@bulkhead/plugin-sdk';

/** Shows a checkpointing tool of the host in the container, and preloads its library: what the DMTCP plugin for Singularity does. */
export default definePlugin({
  name: 'example.com/checkpoint-plugin',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'Binds the directory that CHECKPOINT_DIR names, and preloads the library that CHECKPOINT_LIBRARY names',
  permissions: { config: ['mounts', 'env'], env: ['CHECKPOINT_DIR', 'CHECKPOINT_LIBRARY'] },
  callbacks: {
    engineConfig({ config }, host) {
      const directory = host.env('CHECKPOINT_DIR');
      if (directory === undefined) return undefined;
      const library = host.env('CHECKPOINT_LIBRARY');
      const preloaded = [...(library === undefined ? [] : [`/.checkpoint/${library}`]), ...(config.env['LD_PRELOAD']?.split(':') ?? [])];
      return {
        mounts: [{ type: 'bind', source: directory, destination: '/.checkpoint', readOnly: true, options: ['nosuid', 'nodev'] }],
        env: { ...(preloaded.length === 0 ? {} : { LD_PRELOAD: preloaded.join(':') }) },
      };
    },
  },
});
