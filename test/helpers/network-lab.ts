/**
 * The built program in a network namespace that a test has for itself: bridges, rules and addresses are made there, and the machine's
 * own network is not touched. The namespace lives as long as a process that sleeps in it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { execa, type ResultPromise } from 'execa';
import { findProcesses, killQuietly, until } from './background.js';
import { openCli, repository, type Cli } from './cli.js';
import { needCni, needRoot, needTool } from './need.js';
import { makeBusyboxRootfs } from './rootfs.js';

export interface NetworkLab extends Cli {
  /** Of busybox: ip, nc, sleep. */
  readonly rootfs: string;
  /** A program of the machine, in the namespace; what it printed. */
  host(program: string, ...words: string[]): string;
  /** What is left of networks: interfaces but the loopback, rules, attachments, addresses that are taken. One line each. */
  leftovers(): Promise<string[]>;
}

const program = join(repository, 'bin/run.js');

/** Skips the test, with a reason, where this machine cannot do it. */
export async function openNetworkLab(context: Context): Promise<NetworkLab> {
  needRoot(context);
  for (const tool of ['ip', 'iptables', 'busybox', 'nsenter']) needTool(context, tool);
  needCni(context);
  const cli = await openCli();
  await mkdir(join(cli.root, 'rootfs'), { recursive: true });
  const rootfs = await makeBusyboxRootfs(join(cli.root, 'rootfs'));
  const holder = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up && echo ready && exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const enter = [`--net=/proc/${holder.pid}/ns/net`, '--'];
  const start: NetworkLab['start'] = (argv, options = {}) =>
    execa('nsenter', [...enter, process.execPath, program, ...argv], {
      ...{ reject: false, extendEnv: false, env: cli.env, stdin: 'ignore' },
      ...options,
    }) as ResultPromise;
  const host: NetworkLab['host'] = (name, ...words) => {
    const { status, stdout, stderr } = spawnSync('nsenter', [...enter, name, ...words], { encoding: 'utf8', timeout: 20_000 });
    if (status !== 0) throw new Error(`${name} ${words.join(' ')} exited with ${status}: ${stderr}`);
    return stdout;
  };
  const networks = join(cli.root, 'system/var/lib/bulkhead/networks');
  return {
    ...cli,
    rootfs,
    start,
    host,
    async run(...argv) {
      const { exitCode, stdout, stderr } = await start(argv);
      return { exitCode, stdout: String(stdout), stderr: String(stderr) };
    },
    async leftovers() {
      const links = host('ip', '-oneline', 'link')
        .split('\n')
        .filter((line) => line !== '' && !line.includes(': lo:'));
      const rules = ['nat', 'filter'].flatMap((table) => host('iptables', '--table', table, '--list-rules').split('\n'));
      const files = existsSync(networks) ? await readdir(networks, { recursive: true }) : [];
      return [
        ...links,
        ...rules.filter((line) => /^-[AN]/.test(line)),
        ...files.filter((file) => /attachments\/.|ipam\/[^/]+\/\d/.test(file)),
      ];
    },
    async close() {
      for (const { pid } of await findProcesses(cli.root)) killQuietly(pid);
      await until(async () => (await findProcesses(cli.root)).length === 0, 'all processes of the test have ended');
      holder.kill('SIGKILL');
      await cli.close();
    },
  };
}
