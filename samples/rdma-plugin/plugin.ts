import { definePlugin } from '@bulkhead/plugin-sdk';

const devices = ['/dev/infiniband/rdma_cm', '/dev/infiniband/uverbs0', '/dev/infiniband/umad0', '/dev/infiniband/issm0'];

/** Shows the host's RDMA devices in every container, as far as the host has them, with the libraries' configuration. */
export default definePlugin({
  name: 'example.com/rdma-plugin',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'Shows RDMA devices in every container',
  permissions: { config: ['devices', 'mounts'] },
  // Whoever chooses other devices for a site comes later, and may see these.
  before: ['example.com/site-devices'],
  callbacks: {
    engineConfig: () => ({
      devices: devices.map((path) => ({ path, optional: true })),
      mounts: [{ type: 'bind', source: '/etc/libibverbs.d', destination: '/etc/libibverbs.d', readOnly: true, optional: true }],
    }),
  },
});
