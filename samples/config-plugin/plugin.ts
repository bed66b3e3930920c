import { definePlugin } from '@bulkhead/plugin-sdk';

/** Gives every container the host's message of the day and a variable that names the job. */
export default definePlugin({
  name: 'example.com/config-plugin',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'Adds a bind and an environment variable to every container',
  permissions: { config: ['mounts', 'env'], env: ['SLURM_JOB_ID'] },
  callbacks: {
    engineConfig({ config }, host) {
      const job = host.env('SLURM_JOB_ID') ?? 'none';
      host.log.debug(`adding to ${config.image}`);
      return {
        mounts: [{ type: 'bind', source: '/etc/os-release', destination: '/site/os-release', readOnly: true }],
        env: { SITE_JOB: job },
      };
    },
  },
});
