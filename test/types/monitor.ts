/** Compiled by `npm run types`, never run: a controller decides what it declares, an observer nothing. */
import { definePlugin } from '@bulkhead/plugin-sdk';
import { validPlugin } from './expect-type.js';

definePlugin({
  ...validPlugin,
  permissions: { 'container.control': ['signals', 'exit'] },
  monitor: { mode: 'control' },
  callbacks: {
    monitorContainer({ event }) {
      if (event.type === 'exit') return { action: 'exit', exitCode: 1 };
      return { action: 'replace', signal: 'SIGUSR1' };
    },
  },
});

definePlugin({
  ...validPlugin,
  permissions: { 'container.control': ['signals'] },
  monitor: { mode: 'control' },
  callbacks: {
    // @ts-expect-error: permissions['container.control'] does not name exit
    monitorContainer: () => ({ action: 'exit', exitCode: 1 }),
  },
});

definePlugin({
  ...validPlugin,
  // @ts-expect-error: there is no such mode
  monitor: { mode: 'rule' },
});

definePlugin({
  ...validPlugin,
  callbacks: {
    // @ts-expect-error: it declares no control
    monitorContainer: () => ({ action: 'swallow' }),
  },
});

definePlugin({
  ...validPlugin,
  permissions: { 'container.control': ['exit'] },
  monitor: { mode: 'control' },
  callbacks: {
    // @ts-expect-error: SIGCHLD ends nothing
    monitorContainer: () => ({ action: 'raise', signal: 'SIGCHLD' }),
  },
});
