import { definePlugin } from '@bulkhead/plugin-sdk';

/** For the tests, which build it against the contract of a host of tomorrow: this host refuses it before any of its code runs. */
export default definePlugin({
  name: 'example.com/future-plugin',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'Is built against a newer major version of the contract',
  callbacks: {
    postStartProcess(_input, host) {
      host.log.error('code of a refused plugin ran');
    },
  },
});
