/** Compiled by `npm run types`, never run: what the operator sets has the types of the plugin's schema. */
import { definePlugin } from '@bulkhead/plugin-sdk';
import * as v from 'valibot';
import { expectType, validPlugin } from './expect-type.js';

definePlugin({
  ...validPlugin,
  configuration: v.object({
    server: v.string(),
    retries: v.optional(v.pipe(v.number(), v.integer()), 3),
    mode: v.picklist(['fast', 'safe']),
    tags: v.optional(v.array(v.string())),
  }),
  commands: {
    a: {
      summary: '',
      run(_input, host) {
        expectType<string>()(host.configuration.server);
        expectType<number>()(host.configuration.retries);
        // @ts-expect-error: the schema has no such key
        void host.configuration.none;
      },
    },
  },
  callbacks: {
    postStartProcess(_input, host) {
      expectType<'fast' | 'safe'>()(host.configuration.mode);
      expectType<string[] | undefined>()(host.configuration.tags);
    },
  },
});

definePlugin({
  ...validPlugin,
  callbacks: {
    postStartProcess(_input, host) {
      // @ts-expect-error: nothing can be set of this plugin
      void host.configuration.server;
    },
  },
});
