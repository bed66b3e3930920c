import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { findDiskUse, findProcess } from '#engine/engine.js';
import { inTemporaryDirectory } from '../fixtures/temporary.js';

describe('what went from and to disks', () => {
  it('is that of a process, of those below it, and of those below it that have ended', async () => {
    await inTemporaryDirectory(async (directory) => {
      const write = (file: string): string => `dd if=/dev/zero of=${file} bs=65536 count=4 conv=fsync 2>/dev/null`;
      const child = spawn('sh', ['-c', `${write('one')}; sh -c '${write('two')}; echo up; read -r end; exit'; exit`], { cwd: directory });
      try {
        await once(child.stdout, 'data');
        const init = findProcess(child.pid ?? 0) ?? assert.fail('it has ended');
        const [inner] = readFileSync(`/proc/${init.pid}/task/${init.pid}/children`, 'utf8').split(' ');
        // The files may be in memory, where nothing goes to a disk; then all of these say so.
        const written = [init.pid, Number(inner)].map((pid) =>
          Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]),
        );
        assert.ok(
          written.every((bytes) => (written[0] === 0 ? bytes === 0 : bytes >= 4 * 65_536)),
          String(written),
        );
        assert.equal(findDiskUse(init)?.writtenBytes, (written[0] ?? 0) + (written[1] ?? 0));
        assert.equal(findDiskUse({ ...init, startTicks: '1' }), undefined);
      } finally {
        child.kill('SIGKILL');
        child.stdin.end();
      }
    });
  });
});
