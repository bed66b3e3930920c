/** One table: what plugins are asked and told is the same in the foreground and in the background, for each runtime, and `exec` adds nothing. */
import assert from 'node:assert/strict';
import { writeFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeSquashfs } from '../engine/drivers/images.js';
import { killQuietly, openBackground, until, type Background } from '../helpers/background.js';
import { repository } from '../helpers/cli.js';
import { needFuse, needTool } from '../helpers/need.js';
import { writeConfig } from '../helpers/policy.js';
import { RUNTIMES } from '../helpers/runtimes.js';
import { installSource } from '../helpers/source.js';
import { startPrinting } from '../helpers/start-printing.js';

/** A container that runs, and what its plugins have said so far. */
interface Running {
  readonly said: () => Promise<string>;
  readonly printed: () => Promise<string>;
  /** Its exit code, when it has ended. */
  readonly end: () => Promise<number | undefined>;
}

type Way = (cli: Background, words: readonly string[]) => Promise<Running>;

const WAYS: Readonly<Record<string, Way>> = {
  foreground: (cli, words) => {
    const { text, outcome } = startPrinting(cli, ['run', ...words]);
    return Promise.resolve({
      said: () => Promise.resolve(text.stderr),
      printed: () => Promise.resolve(text.stdout),
      end: async () => (await outcome).exitCode,
    });
  },
  background: async (cli, words) => {
    const { exitCode, stdout, stderr } = await cli.run('run', '--detach', ...words);
    assert.equal(exitCode, 0, stderr);
    const id = stdout.trim().split('\n').at(-1) ?? '';
    return {
      said: () => readFile(join(cli.roots.kept, id, 'monitor.log'), 'utf8'),
      printed: () => cli.output(id),
      async end() {
        await until(async () => (await cli.find(id))?.state.status === 'stopped', 'it has stopped');
        return (await cli.find(id))?.status.exitCode;
      },
    };
  },
};

/** Says each moment in a line; samples come as often as time wants it. */
const moments = (file: string): string => `
  hooks: ['run'], permissions: { config: ['env', 'mounts'] }, callbacks: {
    beforeCommand(_, host) { host.log.info('before'); },
    engineConfig(_, host) {
      host.log.info('configure');
      return { env: { OWN: 'plugin' }, mounts: [{ type: 'bind', source: '${file}', destination: '/own', readOnly: true }], data: { word: 'handed on' } };
    },
    postStartProcess({ container, data }, host) { host.log.info('started ' + (container.pid > 1) + ' ' + data.word); },
    monitorContainer({ event, data }, host) {
      const { type, signal = '', exitCode = '' } = event;
      if (type !== 'sample') host.log.info(['event', type, signal, exitCode, data.word].join(' '));
    },
    afterCommand({ outcome, exitCode }, host) { host.log.info('after ' + outcome + ' ' + exitCode); } }`;
const controller = `
  monitor: { mode: 'control' }, permissions: { 'container.control': ['signals', 'exit'] }, callbacks: {
    monitorContainer({ event }) {
      if (event.type === 'signal' && event.signal === 'SIGUSR2') return { action: 'swallow' };
      if (event.type === 'exit') return { action: 'exit', exitCode: event.exitCode + 10 };
    } }`;
const COMMAND = `trap "echo got-USR1; exit 4" USR1; trap "echo got-USR2" USR2; cat /own; echo "up $OWN"; while :; do sleep 0.05; done`;
const SAID = [
  'before',
  'configure',
  'started true handed on',
  'event start   handed on',
  'event signal SIGUSR2  handed on',
  'event signal SIGUSR1  handed on',
  'event exit  4 handed on',
  'after ended 14',
];

for (const [runtime, program] of Object.entries(RUNTIMES)) {
  for (const [way, start] of Object.entries(WAYS)) {
    describe(`plugins of a container in the ${way} with ${runtime}`, () => {
      let cli: Background;
      // runc runs nobody but uid 0 in a user namespace.
      const flags = ['--runtime', runtime, ...(runtime === 'runc' ? ['--fakeroot'] : [])];
      beforeEach(async function () {
        if (program !== undefined) needTool(this, program);
        cli = await openBackground(this);
      });
      afterEach(async () => {
        for (const { state } of await cli.list()) killQuietly(state.monitor?.pid, 'SIGTERM');
        await cli.close();
      });

      it('are asked and told of each moment, in order, and of none again by exec', async () => {
        const file = join(cli.root, 'own');
        await writeFile(file, 'of the host\n');
        await installSource(cli, moments(file), { name: 'test/moments' });
        await installSource(cli, controller, { name: 'test/controller' });
        const { said, printed, end } = await start(cli, ['--name', 'web', ...flags, cli.rootfs, 'sh', '-c', COMMAND]);
        const lines = async () => [...(await said()).matchAll(/\[test\/moments\] (.*)$/gm)].map(([, line]) => line);
        await until(async () => (await printed()) === 'of the host\nup plugin\n', 'it is up');
        await until(async () => (await lines()).includes('event start   handed on'), 'its observer was told');
        const further = await cli.run('exec', 'web', 'sh', '-c', 'cat /own; echo "$OWN"; exit 7');
        assert.deepEqual([further.exitCode, further.stdout], [7, 'of the host\nplugin'], further.stderr);
        for (const signal of ['USR2', 'USR1']) {
          await cli.run('kill', '--signal', signal, 'web');
          await until(async () => (await lines()).includes(`event signal SIG${signal}  handed on`), `its observer heard of ${signal}`);
        }
        assert.equal(await end(), 14);
        assert.equal(await printed(), 'of the host\nup plugin\ngot-USR1\n');
        await until(async () => (await lines()).length >= SAID.length, 'all was said');
        assert.deepEqual(await lines(), SAID);
      });

      it('bring the image, by a scheme, and by a program that mounts', async function () {
        needTool(this, 'squashfuse_ll');
        needTool(this, 'mksquashfs');
        for (const name of ['host-image', 'squashfuse-plugin']) await cli.install(join(repository, 'samples', name));
        const show = async (image: string, file: string): Promise<string> => {
          const { printed, end } = await start(cli, [...flags, image, 'sh', '-c', `cat ${file}; exit 3`]);
          assert.equal(await end(), 3);
          return printed();
        };
        assert.match(await show('host:', '/etc/nsswitch.conf'), /passwd:/);
        needFuse(this);
        await writeConfig(cli, 'image-driver = "example.com/squashfuse-plugin"\n');
        assert.equal(await show(await makeSquashfs(cli.root, cli.rootfs), '/etc/marker'), 'from the image\n');
      });
    });
  }
}
