import { definePlugin } from '@bulkhead/plugin-sdk';

const historyMax = 100;

interface Run {
  readonly id: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly uid: number;
  readonly startedAt: string;
}

/** Tells the system log of each run, keeps the last hundred runs of each user, and shows them. */
export default definePlugin({
  name: 'example.com/log-plugin',
  version: '0.3.0',
  author: 'The Bulkhead Authors',
  description: 'Log each container to syslog, and keep a history',
  permissions: { syslog: ['user'], env: ['USER', 'SLURM_JOB_ID'] },
  commands: {
    history: {
      summary: 'List the containers that you ran',
      async run(_input, host) {
        const runs = await readRuns(host);
        for (const { id, startedAt, uid, image, command } of runs)
          host.print(`${startedAt}  ${id}  UID=${uid} IMAGE="${image}" COMMAND="${command.join(' ')}"`);
      },
    },
  },
  callbacks: {
    async postStartProcess({ container: { id, image, command, uid, startedAt } }, host) {
      const run: Run = { id, image, command: command.slice(0, 8), uid, startedAt: new Date(startedAt).toISOString() };
      const [program = '', ...args] = command;
      const fields = { USER: host.env('USER') ?? '', IMAGE: image, JOBID: host.env('SLURM_JOB_ID') ?? '', COMMAND: program };
      const line = `UID=${uid} ${Object.entries({ ...fields, ARGS: args.join(' ') })
        .map(([key, value]) => `${key}="${value}"`)
        .join(' ')}`;
      // A host without a system log should run containers all the same.
      await host.syslog(line.slice(0, 2048)).catch((error: Error) => host.log.warning(`Could not write to syslog: ${error.message}`));
      const runs = [...(await readRuns(host)), run].slice(-historyMax);
      await host.store.set('runs', JSON.stringify(runs));
      host.log.info(`recorded run ${id} of ${image}`);
    },
  },
});

async function readRuns(host: { store: { get(key: string): Promise<string | undefined> } }): Promise<Run[]> {
  return JSON.parse((await host.store.get('runs')) ?? '[]') as Run[];
}
