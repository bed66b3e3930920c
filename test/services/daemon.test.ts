import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import {
  connectService,
  defineService,
  findDaemon,
  openDaemon,
  removeService,
  startDaemon,
  stopDaemon,
  type ServiceStatus,
} from '#services/services.js';
import { findProcess } from '#base/process.js';
import { findProcesses, killQuietly, until } from '../helpers/background.js';
import { openServiceRoot, readLine, VERSION, type ServiceRoot } from '../helpers/services.js';

describe('the daemon of services', () => {
  let services: ServiceRoot;
  beforeEach(async () => {
    services = await openServiceRoot();
  });
  afterEach(() => services.close());

  const statusOf = async (label: string): Promise<ServiceStatus> => {
    const daemon = await openDaemon(services.places, VERSION);
    try {
      const found = (await daemon.call('status', {})).services.find((one) => one.label === label);
      assert(found !== undefined, `${label} is not registered`);
      return found;
    } finally {
      daemon.close();
    }
  };
  const register = async (bundle: Parameters<typeof connectService>[0]['bundle'], instance?: string): Promise<string> => {
    const daemon = await openDaemon(services.places, VERSION);
    const { endpoints } = await daemon.call('register', { definition: defineService({ bundle, instance }) });
    daemon.close();
    return endpoints[0]?.path ?? '';
  };

  it('says who must start it where none runs', async () => {
    const bundle = await services.bundle('echo', 'listen()');
    await assert.rejects(connectService({ bundle, type: 'runtime', places: services.places }), {
      code: 'SERVICES_NOT_RUNNING',
      hint: 'bulkhead system start',
    });
  });

  it('starts a service with the first connection of any program, and the same one serves the next', async () => {
    await services.start();
    const path = await register(await services.bundle('echo', 'listen()'));
    assert.equal((await statusOf('com.bulkhead.echo')).state, 'idle');
    const first = connect(path);
    const pid = await readLine(first);
    first.write('hello\n');
    assert.equal(await readLine(first), 'hello');
    const second = connect(path);
    assert.equal(await readLine(second), pid);
    await until(async () => (await statusOf('com.bulkhead.echo')).state === 'running', 'it runs');
    assert.equal(String((await statusOf('com.bulkhead.echo')).pid), pid);
    first.destroy();
    second.destroy();
  });

  it('hands the sockets over as systemd does, one for each type in order', async () => {
    await services.start();
    const bundle = await services.bundle(
      'hydra',
      `const { LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID } = process.env;
       const words = [LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID === pid, process.argv.slice(2).join('+')].join(' ');
       listen(3, 'first ' + words);
       listen(4, 'second ' + words);`,
      { types: ['runtime', 'network'], defaultArguments: ['start', 'with', 'params'] },
    );
    for (const [type, nth] of [
      ['runtime', 'first'],
      ['network', 'second'],
    ] as const) {
      const socket = await connectService({ bundle, type, instance: '1', arguments: ['start', '--uuid', '1'], places: services.places });
      assert.equal(await readLine(socket), `${nth} 2 runtime:network true start+--uuid+1+start+with+params`);
      socket.destroy();
    }
    assert.deepEqual((await readdir(services.places.run)).filter((name) => !name.startsWith('.')).toSorted(), [
      'daemon.sock',
      'network.hydra.1.sock',
      'runtime.hydra.1.sock',
    ]);
  });

  it('starts it once for a thousand connections at once, and serves them all', async () => {
    await services.start();
    const path = await register(
      await services.bundle('crowd', `import { appendFileSync } from 'node:fs'; appendFileSync('starts', pid + '\\n'); listen();`),
    );
    const pids = await Promise.all(Array.from({ length: 1_000 }, () => readLine(connect(path))));
    assert.equal(new Set(pids).size, 1);
    const starts = await readFile(join(services.places.pluginState, 'crowd/starts'), 'utf8');
    assert.equal(starts, `${pids[0]}\n`);
  });

  it('says at once why a service fails, with what it wrote, and tries again after ever longer times', async () => {
    await services.start();
    const bundle = await services.bundle('crash', `console.error('no such bridge'); process.exitCode = 3;`);
    const failed = { code: 'SERVICE_FAILED', message: /"crash".*com\.bulkhead\.crash failed \(exit code 3\).*no such bridge/s };
    await assert.rejects(connectService({ bundle, type: 'runtime', places: services.places }), failed);
    await until(async () => (await statusOf('com.bulkhead.crash')).restarts >= 2, 'it was tried again');
    const { failuresInARow, lastEnd } = await statusOf('com.bulkhead.crash');
    assert(failuresInARow >= 2);
    assert.equal(lastEnd?.exitCode, 3);
    await until(async () => (await statusOf('com.bulkhead.crash')).nextTryAt !== undefined, 'it waits for its next try');
    await assert.rejects(connectService({ bundle, type: 'runtime', places: services.places }), failed);
  });

  it('starts a service again that was killed, and who connects meanwhile is served', async () => {
    await services.start();
    const bundle = await services.bundle('phoenix', 'listen()');
    const socket = await connectService({ bundle, type: 'runtime', places: services.places });
    const pid = await readLine(socket);
    killQuietly(Number(pid));
    await until(() => socket.destroyed || socket.readableEnded, 'the connection has ended').catch(() => undefined);
    const again = connect(join(services.places.run, 'runtime.phoenix.sock'));
    assert.notEqual(await readLine(again), pid);
    again.destroy();
    const { lastEnd, restarts } = await statusOf('com.bulkhead.phoenix');
    assert.deepEqual([lastEnd?.signal, restarts], ['SIGKILL', 1]);
  });

  it('listens again after a service that ends by itself, and starts it with the next connection', async () => {
    await services.start();
    const path = await register(
      await services.bundle('once', `const server = listen(); server.once('connection', (socket) => { server.close(); socket.end(); });`),
    );
    const pid = await readLine(connect(path));
    await until(async () => (await statusOf('com.bulkhead.once')).state === 'idle', 'it is idle');
    assert.equal((await statusOf('com.bulkhead.once')).lastEnd?.exitCode, 0);
    assert.notEqual(await readLine(connect(path)), pid);
  });

  it('leaves services running when it is killed, and takes them over when it is started again', async () => {
    const before = await services.start();
    const bundle = await services.bundle('lasting', 'listen()');
    const socket = await connectService({ bundle, type: 'runtime', places: services.places });
    const pid = await readLine(socket);
    const idle = await register(await services.bundle('sleeping', 'listen()'));
    process.kill(before.hello.process.pid, 'SIGKILL');
    await until(async () => (await findDaemon(services.places)) === undefined, 'the daemon is gone');
    socket.write('still there?\n');
    assert.equal(await readLine(socket), 'still there?');

    const after = await services.start();
    assert.deepEqual((await after.call('status', {})).adopted, ['com.bulkhead.lasting']);
    assert.equal(String((await statusOf('com.bulkhead.lasting')).pid), pid);
    const next = await connectService({ bundle, type: 'runtime', places: services.places });
    assert.equal(await readLine(next), pid);
    next.destroy();
    assert.match(await readLine(connect(idle)), /^\d+$/);
    // What it has taken over it can end too.
    assert.deepEqual((await stopDaemon(services.places)).services, ['com.bulkhead.lasting', 'com.bulkhead.sleeping']);
    assert.equal(findProcess(Number(pid)), undefined);
  });

  it('starts a service anew whose keeper was killed, and leaves no program without one', async () => {
    await services.start();
    const bundle = await services.bundle('orphan', 'listen()');
    const socket = await connectService({ bundle, type: 'runtime', places: services.places });
    const pid = Number(await readLine(socket));
    killQuietly(findProcess(pid)?.parentPid);
    await until(() => findProcess(pid) === undefined, 'the program is gone');
    const again = await connectService({ bundle, type: 'runtime', places: services.places });
    assert.notEqual(Number(await readLine(again)), pid);
    again.destroy();
  });

  it('refuses a daemon of another root, and one of another version', async () => {
    await services.start();
    const { places } = services;
    const other = { ...places, kept: join(services.root, 'other') };
    await assert.rejects(startDaemon({ places: other, version: VERSION, environment: {}, timeoutMs: 5_000 }), {
      code: 'SERVICES_OTHER_ROOT',
    });
    await assert.rejects(stopDaemon(other), { code: 'SERVICES_OTHER_ROOT' });
    // The same services, reached by other sockets.
    await assert.rejects(
      startDaemon({ places: { ...places, run: join(services.root, 'run2') }, version: VERSION, environment: {}, timeoutMs: 20_000 }),
      {
        code: 'SERVICES_NOT_STARTED',
        message: /it is of another root/,
      },
    );
    await assert.rejects(openDaemon(places, '9.9.9'), { code: 'SERVICES_OTHER_VERSION', hint: /system stop/ });
    assert.notEqual(await findDaemon(places), undefined);
  });

  it('hangs up on who does not speak as commands do, and goes on', async () => {
    const daemon = await services.start();
    const path = join(services.places.run, 'daemon.sock');
    const hangsUp = async (said: string): Promise<string> => {
      const socket = connect(path);
      socket.on('error', () => undefined);
      let heard = '';
      socket.on('data', (bytes: Buffer) => {
        if (heard === '') socket.write(said);
        heard += bytes.toString();
      });
      await new Promise((resolve) => socket.once('close', resolve));
      return heard;
    };
    const hello = /^\{"bulkhead":"services",.*\}\n$/;
    for (const said of ['no json\n', '{"id":1}\n', '{"id":-1,"call":"status","input":{}}\n', '[1,2]\n', 'x'.repeat(2_000_000)]) {
      assert.match(await hangsUp(said), hello);
    }
    const definition = { name: '../x', executable: '/bin/true', arguments: [], types: [], loadAtBoot: false, runAtLoad: false };
    await assert.rejects(daemon.call('register', { definition }), { code: 'SERVICES_REQUEST_INVALID' });
    await assert.rejects(daemon.call('nothing of the kind' as 'status', {}), { code: 'SERVICES_REQUEST_INVALID' });
    assert.deepEqual((await daemon.call('status', {})).services, []);
  });

  it('is told from what else answers at its place', async () => {
    await mkdir(services.places.run, { mode: 0o700 });
    const impostor = createServer((socket) => socket.end('220 mail.example.com\n'));
    await new Promise<void>((resolve) => impostor.listen(join(services.places.run, 'daemon.sock'), resolve));
    try {
      await assert.rejects(findDaemon(services.places), { code: 'SERVICES_NO_DAEMON' });
    } finally {
      impostor.close();
    }
  });

  it('applies what changed when a service is registered again, and nothing where nothing did', async () => {
    const daemon = await services.start();
    const bundle = await services.bundle('again', `listen(3, pid + ' ' + process.argv.slice(2).join('+'))`);
    const socket = await connectService({ bundle, type: 'runtime', places: services.places });
    const [pid = ''] = (await readLine(socket)).split(' ');
    assert.equal((await daemon.call('register', { definition: defineService({ bundle }) })).outcome, 'unchanged');
    assert.equal(String((await statusOf('com.bulkhead.again')).pid), pid);
    const changed = await connectService({ bundle, type: 'runtime', arguments: ['start', 'anew'], places: services.places });
    assert.match(await readLine(changed), /start\+anew$/);
    assert.equal(findProcess(Number(pid)), undefined);
    changed.destroy();
  });

  it('starts at once what is to run as soon as it is registered', async () => {
    await services.start();
    await register(await services.bundle('eager', 'listen()', { runAtLoad: true }));
    await until(async () => (await statusOf('com.bulkhead.eager')).state === 'running', 'it runs');
  });

  it('refuses two services of one label', async () => {
    await services.start();
    await register(await services.bundle('a.b', 'listen()'));
    await assert.rejects(register(await services.bundle('a', 'listen()'), 'b'), { code: 'SERVICE_LABEL_TAKEN' });
  });

  it('ends a service with all that it started, by force where it does not listen', async () => {
    await services.start();
    const bundle = await services.bundle(
      'stubborn',
      `import { spawn } from 'node:child_process';
       process.on('SIGTERM', () => undefined);
       const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
       listen(3, pid + ' ' + child.pid);`,
    );
    const socket = await connectService({ bundle, type: 'runtime', places: services.places });
    const pids = (await readLine(socket)).split(' ').map(Number);
    await stopDaemon(services.places);
    await until(() => pids.every((pid) => findProcess(pid) === undefined), 'both are gone');
    assert.deepEqual(await findProcesses(services.root), []);
    assert.deepEqual(await readdir(services.places.run), []);
  });

  it('gives a program its own directory, the environment of the daemon, and no more', async () => {
    await services.start({ BULKHEAD_SITE: 'here' });
    const bundle = await services.bundle('curious', `listen(3, JSON.stringify([process.cwd(), process.env]))`);
    const socket = await connectService({ bundle, type: 'runtime', instance: 'web', places: services.places });
    const [cwd, env] = JSON.parse(await readLine(socket)) as [string, Record<string, string>];
    assert.equal(cwd, join(services.places.pluginState, 'curious/web'));
    assert.equal((await stat(cwd)).mode & 0o777, 0o700);
    assert.equal(env['BULKHEAD_SITE'], 'here');
    assert.deepEqual(
      Object.keys(env).filter((key) => !/^(BULKHEAD_|LISTEN_|PATH$|PWD$|_$|SHLVL$|OLDPWD$)/.test(key)),
      [],
    );
    socket.destroy();
  });

  it('keeps little of what a program floods its output with, and goes on', async () => {
    const daemon = await services.start();
    const bundle = await services.bundle(
      'flood',
      `const line = 'x'.repeat(1023) + '\\n';
       for (let i = 0; i < 48; i += 1) await new Promise((resolve) => process.stdout.write(line.repeat(1024), resolve));
       listen();`,
    );
    const socket = await connectService({ bundle, type: 'runtime', places: services.places });
    await readLine(socket);
    socket.destroy();
    const directory = join(services.places.kept, 'com.bulkhead.flood');
    const files = (await readdir(directory)).filter((name) => name.startsWith('output.jsonl'));
    const sizes = await Promise.all(files.map(async (name) => (await stat(join(directory, name))).size));
    assert(files.length > 1);
    assert(sizes.reduce((sum, size) => sum + size, 0) < 33 * 2 ** 20, `${sizes.join(' + ')} bytes`);
    assert.equal((await daemon.call('status', {})).services[0]?.state, 'running');
  });

  it('leaves nothing of an instance that is removed, with a daemon or without, and all of the others', async () => {
    await services.start();
    const bundle = await services.bundle('many', 'listen()');
    const { places } = services;
    for (const instance of ['1', '2']) (await connectService({ bundle, type: 'runtime', instance, places })).destroy();
    await removeService({ bundle, instance: '1', places });
    assert.deepEqual(await readdir(join(places.pluginState, 'many')), ['2']);
    assert.deepEqual((await readdir(places.kept)).toSorted(), ['com.bulkhead.many.2', 'daemon']);
    assert.equal(existsSync(join(places.run, 'runtime.many.1.sock')), false);
    assert.equal((await statusOf('com.bulkhead.many.2')).state, 'running');
    await stopDaemon(places);
    // What it wrote can still be read; it goes with the instance.
    assert.deepEqual((await readdir(places.kept)).toSorted(), ['com.bulkhead.many.2', 'daemon']);
    await removeService({ bundle, instance: '2', places });
    assert.deepEqual(await readdir(places.kept), ['daemon']);
    await removeService({ bundle, places });
    assert.deepEqual(await readdir(places.pluginState), []);
    await assert.rejects(removeService({ bundle, instance: '../..', places }), { code: 'SERVICE_NAME_INVALID' });
  });

  it('keeps apart what does not belong to the caller alone', async () => {
    await mkdir(join(services.root, 'elsewhere'));
    await symlink(join(services.root, 'elsewhere'), services.places.kept);
    await assert.rejects(services.start(), { code: 'SERVICES_PLACE_UNSAFE' });
    const open = { ...services.places, kept: join(services.root, 'open') };
    await mkdir(open.kept);
    await chmod(open.kept, 0o777);
    await assert.rejects(startDaemon({ places: open, version: VERSION, environment: {}, timeoutMs: 5_000 }), {
      code: 'SERVICES_PLACE_UNSAFE',
    });
    // Who may write above it could put another socket in the place of the daemon's.
    const above = join(services.root, 'above');
    await mkdir(join(above, 'run'), { recursive: true, mode: 0o700 });
    await chmod(above, 0o777);
    await assert.rejects(findDaemon({ ...services.places, run: join(above, 'run') }), { code: 'SERVICES_PLACE_UNSAFE' });
  });

  it('says what the daemon said where it cannot start', async () => {
    await mkdir(services.places.run, { recursive: true, mode: 0o700 });
    await mkdir(join(services.places.run, 'daemon.sock'));
    await writeFile(join(services.places.run, 'daemon.sock/in the way'), '');
    await assert.rejects(services.start(), { code: /^SERVICES_(NOT_STARTED|NO_DAEMON)$/ });
    assert.equal(existsSync(join(services.places.kept, 'starting')), false);
  });
});
