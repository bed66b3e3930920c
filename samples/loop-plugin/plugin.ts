import { definePlugin } from '@bulkhead/plugin-sdk';

/** For the tests: never answers. The host stops it at the deadline of the callback. */
export default definePlugin({
  name: 'example.com/loop-plugin',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'Loops for ever in engineConfig',
  callbacks: {
    engineConfig() {
      for (;;);
    },
  },
});
