import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { explainFailure } from '#engine/runtimes/failure.js';

const reports = { begin: false, ready: false, exec: false, exitCode: undefined };

describe('why a chain ended before the command', () => {
  const session = '/run/user/1/bulkhead/abc';
  const cases: [code: string, begun: boolean, log: string][] = [
    ['NAMESPACES_UNAVAILABLE', false, 'unshare: unshare failed: No space left on device'],
    ['NAMESPACES_UNAVAILABLE', false, 'unshare: unshare failed: Operation not permitted'],
    ['NAMESPACES_UNAVAILABLE', false, 'unshare: cannot change root filesystem propagation: Permission denied'],
    ['PROC_MASKED', false, 'unshare: mount /proc failed: Operation not permitted'],
    ['PROC_MASKED', true, `mount: ${session}/root/proc: permission denied.`],
    [
      'OVERLAY_REFUSED',
      true,
      `mount: ${session}/root: wrong fs type, bad option, bad superblock on overlay, missing codepage or helper program, or other error.`,
    ],
    ['MOUNT_FAILED', true, `mount: ${session}/root/data: permission denied.\nmount: ${session}/root/data/x: mount point does not exist.`],
    ['MOUNT_FAILED', true, ''],
  ];
  for (const [code, begin, log] of cases) {
    it(`is ${code} for "${log.slice(0, 60)}"${begin ? ' by the shell' : ''}`, () => {
      const error = explainFailure({ ...reports, begin }, { log, session });
      assert.equal(error.code, code);
      assert.ok(!error.message.includes(session), error.message);
      assert.ok(error.hint);
    });
  }

  it('names the first mount that failed, as the container sees it, without control characters', () => {
    const { message } = explainFailure(
      { ...reports, begin: true },
      { log: `mount: ${session}/root/da\u001b[31mta: busy.\nmount: /second`, session },
    );
    assert.equal(message, "Cannot prepare the container's file systems: mount: /da?[31mta: busy.");
  });
});
