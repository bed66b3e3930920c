import { definePlugin } from '@bulkhead/plugin-sdk';

/** Programs and libraries. Optional: not every distribution has all of them, and where they are links the host resolves them. */
const programs = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/** What programs need of /etc to resolve names and to load libraries; no secrets. */
const configuration = [
  'alternatives',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'passwd',
  'group',
  'nsswitch.conf',
  'hosts',
  'resolv.conf',
  'localtime',
  'os-release',
  'ssl/certs',
];

/** `host:` is an image made of the host itself, read-only, with an empty /tmp, /run, /var/tmp and home. */
export default definePlugin({
  name: 'example.com/host-image',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: "Opens host: images: a read-only view of the host's own programs",
  permissions: { mount: [...programs, ...configuration.map((name) => `/etc/${name}`)] },
  imageSchemes: ['host'],
  callbacks: {
    registerImageDriver({ reference }) {
      if (reference !== '') throw new Error(`host: takes nothing behind the colon, and got "${reference}"`);
      const view = (path: string) => ({ type: 'bind', source: path, destination: path, readOnly: true, optional: true }) as const;
      return {
        mounts: [
          ...programs.map(view),
          ...configuration.map((name) => view(`/etc/${name}`)),
          { type: 'tmpfs', destination: '/tmp' },
          { type: 'tmpfs', destination: '/run' },
          { type: 'tmpfs', destination: '/var/tmp' },
          { type: 'tmpfs', destination: '/root' },
        ],
        command: ['/bin/sh'],
      };
    },
  },
});
