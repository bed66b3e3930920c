/**
 * What a test needs of the machine. Where it is missing the test is skipped, with the reason in its title; on a machine that
 * promises to have everything (BULKHEAD_CI=1, see .ci/run) that is a failure. Who runs the tests is no such promise: they run
 * once as root and once as an ordinary user, and each skips what is the other's.
 *
 *   it('keeps the owner of a file', function () { needRoot(this); … })
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from 'mocha';
import { choosePaths } from '#base/paths.js';

export function needRoot(context: Context): void {
  if (process.getuid?.() !== 0) skip(context, 'runs as root');
}

export function needOrdinaryUser(context: Context): void {
  if (process.getuid?.() === 0) skip(context, 'runs as an ordinary user');
}

/** A program on PATH, such as `siftool`. */
export function needTool(context: Context, name: string): void {
  if (!isOnPath(name)) lack(context, `the program ${name}; on Debian: apt-get install ${name}`);
}

/** The plugins of CNI, where Bulkhead looks for them. */
export function needCni(context: Context): void {
  const { cni } = choosePaths({ env: {}, uid: 0 });
  if (!cni.some((directory) => isExecutable(join(directory, 'bridge'))))
    lack(context, 'the plugins of CNI; on Debian: apt-get install containernetworking-plugins');
}

/** `/dev/fuse`, for whoever runs the test. Not every machine has it, nor opens it to everybody: that is no lack of the tests' own. */
export function needFuse(context: Context): void {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
  } catch {
    skip(context, 'needs /dev/fuse, open to the caller');
  }
}

/** Namespaces for one who is not root; root needs no permission for them. */
export function needUserNamespaces(context: Context): void {
  if (process.getuid?.() !== 0 && !canUnshare()) lack(context, 'user namespaces; often: sysctl kernel.unprivileged_userns_clone=1');
}

/** Further uids and gids of whoever runs the tests: lines for them in /etc/subuid and /etc/subgid. */
export function needSubordinateIds(context: Context): void {
  const name = userInfo().username;
  const has = (file: string): boolean =>
    existsSync(file) &&
    readFileSync(file, 'utf8')
      .split('\n')
      .some((line) => line.startsWith(`${name}:`));
  if (!has('/etc/subuid') || !has('/etc/subgid'))
    lack(context, `a line for ${name} in /etc/subuid and /etc/subgid; see usermod --add-subuids`);
}

/**
 * The kernel lets SIGTSTP stop only what a shell with job control could wake again: nothing in a process group that no parent of its
 * session watches, as under setsid(1) or nohup in a daemon.
 */
export async function needStops(context: Context): Promise<void> {
  const child = spawn('sleep', ['10'], { stdio: 'ignore' });
  try {
    await once(child, 'spawn');
    child.kill('SIGTSTP');
    for (let tries = 0; tries < 50; tries += 1) {
      if (/\) T /.test(readFileSync(`/proc/${child.pid}/stat`, 'latin1'))) return;
      await delay(10);
    }
  } finally {
    child.kill('SIGKILL');
  }
  lack(context, 'a process group that can be stopped; started by a shell with job control: set -m');
}

function isOnPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => isExecutable(join(directory, name)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

let answer: boolean | undefined;

function canUnshare(): boolean {
  answer ??= spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'true'], { stdio: 'ignore' }).status === 0;
  return answer;
}

function lack(context: Context, what: string): void {
  if (process.env['BULKHEAD_CI'] === '1') throw new Error(`Cannot run this test: it needs ${what}`);
  skip(context, `needs ${what}`);
}

function skip(context: Context, reason: string): never {
  const { test, currentTest } = context;
  // In a hook, `test` is the hook itself: what is skipped is the test that it stands before, or all tests of its suite.
  const skipped = test && 'type' in test && test.type === 'hook' ? (currentTest ?? test.parent) : test;
  if (skipped) skipped.title += ` (skipped: ${reason})`;
  return context.skip();
}
