import assert from 'node:assert/strict';
import { openTestPlugin } from '@bulkhead/plugin-sdk/testing';
import { runOnHost } from '../../test/helpers/run-on-host.js';

const directory = import.meta.dirname;

describe('host-image in a compartment', () => {
  it('answers with read-only binds of the host and empty directories', async () => {
    const plugin = await openTestPlugin(directory);
    try {
      assert.deepEqual(plugin.description.imageSchemes, ['host']);
      const answer = await plugin.call('registerImageDriver', { scheme: 'host', reference: '' });
      assert.ok(answer.type === undefined);
      const { mounts } = answer;
      assert.ok(mounts.length > 10);
      for (const mount of mounts) if (mount.type === 'bind') assert.equal(mount.readOnly, true);
      assert.ok(mounts.some(({ type, destination }) => type === 'tmpfs' && destination === '/tmp'));
    } finally {
      await plugin.close();
    }
  });

  it('refuses a reference', async () => {
    const plugin = await openTestPlugin(directory);
    try {
      await assert.rejects(
        plugin.call('registerImageDriver', { scheme: 'host', reference: 'x' }),
        /\(plugin\.ts:\d+:\d+\): host: takes nothing/,
      );
    } finally {
      await plugin.close();
    }
  });
});

describe('host-image and a container', () => {
  it("shows the host's programs, an empty /tmp, and no secrets", async function () {
    const { stdout, exitCode } = await runOnHost(
      this,
      [],
      'ls /tmp | wc -l; touch /tmp/x && echo tmp; touch /usr/x 2>/dev/null || echo read-only; ls /etc/shadow 2>/dev/null || echo no shadow',
    );
    assert.equal(exitCode, 0);
    assert.equal(stdout, '0\ntmp\nread-only\nno shadow');
  });
});
