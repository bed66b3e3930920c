import { definePlugin } from '@bulkhead/plugin-sdk';

/** What a program exits with that has written a checkpoint and can go on from it: EX_TEMPFAIL, as queues understand it. */
const tryAgain = 75;
const killed = 137;

/** One compartment per run, so this belongs to one container. */
let warned = false;

/** Stands between a batch system and the command: a warning before the end, a limit of memory, an exit status that queues know. */
export default definePlugin({
  name: 'example.com/control-plugin',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'Lets a job write a checkpoint before it is ended',
  permissions: {
    'container.control': ['signals', 'exit'],
    'container.signal': ['SIGUSR1'],
    env: ['JOB_MEMORY_MIB'],
  },
  monitor: { mode: 'control' },
  callbacks: {
    monitorContainer({ container, event }, host) {
      if (event.type === 'signal' && event.signal === 'SIGHUP') {
        host.log.info(`${container.id} goes on without its terminal`);
        return { action: 'swallow' };
      }
      if (event.type === 'signal' && event.signal === 'SIGTERM' && !warned) {
        warned = true;
        host.log.info(`${container.id} is asked for a checkpoint; a second SIGTERM ends it`);
        return { action: 'replace', signal: 'SIGUSR1' };
      }
      const limitMib = Number(host.env('JOB_MEMORY_MIB') ?? Infinity);
      if (event.type === 'sample' && event.memoryBytes > limitMib * 1_048_576) {
        host.log.warning(`${container.id} uses more than ${limitMib} MiB and is ended`);
        return { action: 'exit', exitCode: killed };
      }
      if (event.type === 'exit' && warned && event.exitCode === 0) return { action: 'exit', exitCode: tryAgain };
      return;
    },
  },
});
