import assert from 'node:assert/strict';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { buildConfig } from '../../test/helpers/compartment.js';
import { runOnHost } from '../../test/helpers/run-on-host.js';

const directory = import.meta.dirname;

describe('config-plugin in a compartment', () => {
  for (const [title, env, job] of [
    ['names the job', { SLURM_JOB_ID: '17' }, '17'],
    ['says none outside of a job', {}, 'none'],
  ] as const) {
    it(`adds a bind and ${title}`, async () => {
      const plugin = await openTestPlugin(directory, { env });
      try {
        assert.deepEqual(await plugin.call('engineConfig', { config: buildConfig() }), {
          mounts: [{ type: 'bind', source: '/etc/os-release', destination: '/site/os-release', readOnly: true }],
          env: { SITE_JOB: job },
        });
      } finally {
        await plugin.close();
      }
    });
  }
});

describe('config-plugin and a container', () => {
  it('has bound the file and set the variable', async function () {
    const { stdout, exitCode } = await runOnHost(
      this,
      [directory],
      'echo "job $SITE_JOB"; grep -c . /site/os-release; echo x 2>/dev/null >/site/os-release || echo read-only',
    );
    assert.equal(exitCode, 0);
    assert.match(stdout, /^job 4711\n\d+\nread-only$/);
  });
});
