import { definePlugin } from '@bulkhead/plugin-sdk';

/** Watches the process of the container and says at its end what it used. One compartment per run, so these belong to one container. */
let peakMemoryBytes = 0;
let cpuMs = 0;
let samples = 0;

export default definePlugin({
  name: 'example.com/monitor-plugin',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'Reports peak memory and run time of each container at its exit',
  callbacks: {
    monitorContainer({ container, event }, host) {
      if (event.type === 'sample') {
        samples += 1;
        cpuMs = event.cpuMs;
        peakMemoryBytes = Math.max(peakMemoryBytes, event.peakMemoryBytes);
      }
      if (event.type === 'signal') host.log.info(`${container.id} was sent ${event.signal}`);
      if (event.type === 'exit') {
        const memory = samples === 0 ? 'unknown (it ended before the first sample)' : `${(peakMemoryBytes / 1_048_576).toFixed(1)} MiB`;
        host.log.info(
          `${container.id} exited with ${event.exitCode} after ${(event.runMs / 1000).toFixed(1)} s; peak memory ${memory}; CPU ${Math.round(cpuMs)} ms`,
        );
      }
    },
  },
});
