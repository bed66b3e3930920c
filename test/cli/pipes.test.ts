import assert from 'node:assert/strict';
import { openCli } from '../helpers/cli.js';

describe('a command whose output nobody reads', () => {
  it('ends as a program does that SIGPIPE ends, without a word', async () => {
    const cli = await openCli();
    try {
      const run = cli.start(['plugin', 'list'], { buffer: false });
      run.stdout?.destroy();
      let said = '';
      run.stderr?.on('data', (chunk: Buffer) => (said += String(chunk)));
      const { exitCode } = await run;
      assert.deepEqual([exitCode, said], [141, '']);
    } finally {
      await cli.close();
    }
  });
});
