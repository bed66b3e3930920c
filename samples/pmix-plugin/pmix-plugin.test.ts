import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { buildConfig } from '../../test/helpers/compartment.js';
import { openOnHost } from '../../test/helpers/run-on-host.js';

const directory = import.meta.dirname;

describe('pmix-plugin in a compartment', () => {
  it('hands the place in the job on', async () => {
    const plugin = await openTestPlugin(directory, { env: { SLURM_JOB_ID: '17', SLURM_PROCID: '3' } });
    try {
      assert.deepEqual(await plugin.call('engineConfig', { config: buildConfig() }), {
        env: { PMIX_NAMESPACE: 'slurm.pmix.17', PMIX_RANK: '3' },
        data: { job: '17', rank: 3 },
      });
    } finally {
      await plugin.close();
    }
  });

  it('changes nothing outside of a job', async () => {
    const plugin = await openTestPlugin(directory);
    try {
      assert.equal(await plugin.call('engineConfig', { config: buildConfig() }), undefined);
    } finally {
      await plugin.close();
    }
  });
});

describe('pmix-plugin and a container', () => {
  it('has rank and socket in it, and the log has the rank before and after', async function () {
    const cli = await openOnHost(this, [directory]);
    try {
      const server = join(cli.root, 'server');
      await mkdir(server);
      await writeFile(join(server, 'rendezvous'), 'here');
      const env = { ...cli.env, SLURM_PROCID: '2', PMIX_SERVER_TMPDIR: server };
      const look = 'echo $PMIX_NAMESPACE $PMIX_RANK; cat /run/pmix/rendezvous; exit 4';
      const { stdout, stderr, exitCode } = await cli.start(['run', 'host:', 'sh', '-c', look], { env });
      assert.deepEqual([stdout, exitCode], ['slurm.pmix.4711 2\nhere', 4], String(stderr));
      assert.match(String(stderr), /rank 2 of job 4711 is process \d+/);
      assert.match(String(stderr), /rank 2 ended with 4/);
    } finally {
      await cli.close();
    }
  });
});
