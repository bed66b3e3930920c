import assert from 'node:assert/strict';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, it } from 'mocha';
import { runContainer, type ContainerEvent, type Moments, type RunOptions, type RunRequest } from '#engine/engine.js';
import { isAlive, findProcess } from '#engine/lifecycle/process-tree.js';
import { assertSpecOf } from '../../helpers/runtime-spec.js';
import type { Lab } from '../fixtures/container-lab.js';
import { describeAsMyself } from '../fixtures/each-who.js';

describeAsMyself('the moments of a run', (open, runtime) => {
  let lab: Lab;
  before(() => (lab = open()));

  const run = (moments: Moments, changes: Partial<RunRequest> = {}, options: Partial<RunOptions> = {}) =>
    runContainer(lab.request(changes), checkingSpec(moments), { runDirectory: lab.runDirectory, ...options });
  const checkingSpec = (moments: Moments): Moments => ({
    ...moments,
    started: async (container) => {
      await assertSpecOf(lab.runDirectory, container.id);
      await moments.started?.(container);
    },
  });
  const assertClean = async (): Promise<void> => assert.deepEqual(await readdir(lab.runDirectory), []);

  it('open an image of a scheme by a plan: an empty root with its mounts, links, environment and command', async () => {
    const asked: string[] = [];
    const output = join(lab.directory, 'output');
    await mkdir(output);
    const openImage: Moments['openImage'] = async (scheme, reference) => {
      asked.push(scheme, reference);
      return {
        mounts: [
          { type: 'bind', source: '/usr', destination: '/usr', readOnly: true },
          { type: 'bind', source: '/lib64', destination: '/usr/lib64', readOnly: true, optional: true },
          { type: 'bind', source: '/no/such', destination: '/no/such', optional: true },
          { type: 'tmpfs', destination: '/etc', sizeBytes: 65536 },
          { type: 'bind', source: '/etc/hostname', destination: '/etc/inner/hostname', readOnly: true },
        ],
        links: { '/bin': 'usr/bin', '/lib': 'usr/lib', '/lib64': 'usr/lib64', '/etc/mtab': '/proc/self/mounts' },
        env: { FROM_IMAGE: 'yes', PATH: '/bin' },
        command: [
          '/bin/sh',
          '-c',
          'set -e; ls / /etc/inner >/out/list; echo "$FROM_IMAGE $PATH" >/out/env; touch /etc/written; readlink /etc/mtab >/out/link',
        ],
      };
    };
    const { exitCode } = await run({ openImage }, { image: 'thing:with/reference', command: [], binds: [`${output}:/out`] });
    assert.equal(exitCode, 0);
    assert.deepEqual(asked, ['thing', 'with/reference']);
    const read = (name: string): Promise<string> => readFile(join(output, name), 'utf8');
    assert.equal(await read('env'), 'yes /bin\n');
    assert.equal(await read('link'), '/proc/self/mounts\n');
    assert.deepEqual(
      (await read('list')).trim().split(/\s+/).toSorted(),
      ['/:', '/etc/inner:', 'bin', 'dev', 'etc', 'hostname', 'lib', 'lib64', 'out', 'proc', 'sys', 'usr'].toSorted(),
    );
    await assertClean();
  });

  it('fail the run when nobody opens the scheme, or the one who does throws', async () => {
    await assert.rejects(run({}, { image: 'thing:x' }), { code: 'IMAGE_SCHEME_UNKNOWN' });
    await assert.rejects(run({ openImage: async () => undefined }, { image: 'thing:x' }), { code: 'IMAGE_SCHEME_UNKNOWN' });
    await assert.rejects(run({ openImage: () => Promise.reject(new Error('no luck')) }, { image: 'thing:x' }), /no luck/);
    await assertClean();
  });

  it('change the configuration before it is validated', async () => {
    const configure: Moments['configure'] = async (config) => ({
      ...config,
      command: ['sh', '-c', 'exit "$CODE"'],
      env: { ...config.env, CODE: '6' },
    });
    assert.equal((await run({ configure })).exitCode, 6);
    await assert.rejects(run({ configure: async (config) => ({ ...config, mounts: [{ type: 'tmpfs', destination: '/proc' }] }) }), {
      code: 'MOUNT_DESTINATION_INVALID',
    });
    await assertClean();
  });

  it('tell of a start once the command runs, by its process id on the host', async () => {
    let name: string | undefined;
    const { exitCode } = await run({ started: async ({ pid }) => void (name = findProcess(pid)?.name) }, { command: ['sleep', '0.2'] });
    assert.equal(name, 'sleep');
    assert.equal(exitCode, 0);
  });

  it('kill the container when a start is refused, and fail the run with the reason', async () => {
    let command: ReturnType<typeof findProcess>;
    const started: Moments['started'] = async ({ pid }) => {
      command = findProcess(pid);
      throw new Error('refused');
    };
    await assert.rejects(run({ started }, { command: ['sleep', '60'] }), /refused/);
    assert.ok(command !== undefined && !isAlive(command));
    await assertClean();
  });

  it('tell observers in order: start, samples, exit; and never two at a time', async () => {
    const events: ContainerEvent[] = [];
    let busy = 0;
    const observe: Moments['observe'] = async (_container, event) => {
      assert.equal((busy += 1), 1);
      events.push(event);
      await new Promise((resolve) => setTimeout(resolve, 5));
      busy -= 1;
    };
    const { exitCode, runMs } = await run({ observe }, { command: ['sh', '-c', 'sleep 0.1; exit 4'] });
    assert.deepEqual(
      events.map((event) => event.type),
      ['start', 'sample', 'exit'],
    );
    const [, sample, exit] = events;
    assert.ok(sample?.type === 'sample' && sample.memoryBytes > 0 && sample.peakMemoryBytes >= sample.memoryBytes);
    assert.deepEqual(exit, { type: 'exit', exitCode, runMs });
    // What an OCI runtime has started is seen a little later.
    assert.ok(runMs >= (runtime === 'embedded' ? 100 : 60), `${runMs}`);
  });

  it('let the container go on when an observer fails, and log it', async () => {
    const lines: string[] = [];
    const { exitCode } = await run({ observe: () => Promise.reject(new Error('no eyes')) }, {}, { log: (line) => lines.push(line) });
    assert.equal(exitCode, 0);
    assert.match(lines.join('\n'), /start.*no eyes/);
  });

  it('end with the reason of the signal that aborts the run, and leave nothing', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    await assert.rejects(run({ started: async () => abort.abort(reason) }, { command: ['sleep', '60'] }, { signal: abort.signal }), reason);
    await assertClean();
    await assert.rejects(run({}, {}, { signal: abort.signal }), reason);
  });

  it('do not keep the process’s ways with signals', async () => {
    const before = process.listenerCount('SIGTERM');
    await run({});
    assert.equal(process.listenerCount('SIGTERM'), before);
  });

  it('may run two containers at once', async () => {
    const codes = await Promise.all([3, 4].map((code) => run({}, { command: ['sh', '-c', `exit ${code}`] })));
    assert.deepEqual(
      codes.map((result) => result.exitCode),
      [3, 4],
    );
    await assertClean();
  });
});
