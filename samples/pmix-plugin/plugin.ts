import { definePlugin } from '@bulkhead/plugin-sdk';

/**
 * Gives each process of a parallel job its rank, and tells when it runs. What `engineConfig` finds out travels to the later callbacks
 * as `data`: variables of the plugin would do as long as nothing ends its compartment, and data does in any case.
 */
export default definePlugin({
  name: 'example.com/pmix-plugin',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'Shows the place of a process in its job, and the socket of its server',
  permissions: { config: ['mounts', 'env'], env: ['SLURM_JOB_ID', 'SLURM_PROCID', 'PMIX_SERVER_TMPDIR'] },
  callbacks: {
    engineConfig(_input, host) {
      const [job, rank] = [host.env('SLURM_JOB_ID'), host.env('SLURM_PROCID') ?? '0'];
      if (job === undefined) return undefined;
      const server = host.env('PMIX_SERVER_TMPDIR');
      return {
        env: { PMIX_NAMESPACE: `slurm.pmix.${job}`, PMIX_RANK: rank },
        ...(server === undefined ? {} : { mounts: [{ type: 'bind', source: server, destination: '/run/pmix' } as const] }),
        data: { job, rank: Number(rank) },
      };
    },
    postStartProcess({ container, data }, host) {
      if (data !== undefined) host.log.info(`rank ${String(data['rank'])} of job ${String(data['job'])} is process ${container.pid}`);
    },
    monitorContainer({ event, data }, host) {
      if (event.type === 'exit' && data !== undefined) host.log.info(`rank ${String(data['rank'])} ended with ${event.exitCode}`);
    },
  },
});
