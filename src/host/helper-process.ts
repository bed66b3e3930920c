import { spawn, type ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { Deserializer, Serializer } from 'node:v8';
import { readCpuMs } from '#base/cpu-time.js';
import { FRAME_BYTES_MAX, openStreamPorts, type Codec, type SessionStart } from '#wire/wire.js';
import type { Budgets } from './budgets.js';
import { findGuestProcessFile, processPermissionArguments } from './guest-file.js';
import type { Vessel } from './vessel.js';

const MiB = 1_048_576;
/** What Node itself maps before any code runs: 50 MB measured on Node 20 and 22, 573 MB on 24 and 26 (V8's whole range for code). */
const nodeMiB = Number(process.versions.node.split('.')[0]) >= 23 ? 640 : 128;

/** Where setpriv and prlimit are. The caller's PATH is the caller's. */
const toolPath = '/usr/bin:/bin:/usr/sbin:/sbin:/run/current-system/sw/bin';

/**
 * Starts a process for one plugin: setpriv (it ends when this process does), prlimit (its memory, and no core file), node under
 * its permission model, the guest. An allocation that makes V8 abort ends this process alone.
 */
export function startProcess(start: SessionStart, budgets: Budgets): Vessel {
  const { 'heap-old-mib': oldMiB, 'heap-young-mib': youngMiB, 'process-memory-mib': memoryMiB } = budgets;
  const guest = findGuestProcessFile();
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', '--no-new-privs'],
      ...['prlimit', `--data=${(nodeMiB + memoryMiB) * MiB}`, '--core=0', '--'],
      ...[process.execPath, ...processPermissionArguments(guest)],
      ...[`--max-old-space-size=${oldMiB}`, `--max-semi-space-size=${youngMiB}`, guest],
    ],
    // A session of its own: what Ctrl-C sends to the terminal's foreground is for the container and for bulkhead.
    { env: { PATH: toolPath }, cwd: '/', detached: true, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const stream = child.stdio[3] as Duplex;
  // The end of the process says all that an error of its stream would.
  stream.on('error', () => undefined);
  const ports = openStreamPorts(stream, codec, FRAME_BYTES_MAX);
  const ended = watchEnd(child, `${oldMiB} MiB of heap, ${memoryMiB} MiB in all`);
  ports.start.postMessage(start);
  return {
    callPort: ports.call,
    powerPort: ports.power,
    describe: () => `process ${child.pid ?? '?'}; bulkhead is process ${process.pid}`,
    activeMs: () => (child.pid === undefined ? 0 : readCpuMs(child.pid)),
    ended,
    async terminate() {
      ports.close();
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Structured clone without objects of Node's own, in either direction. */
const codec: Codec = {
  encode(value) {
    const serializer = new Serializer();
    serializer.writeHeader();
    serializer.writeValue(value);
    return serializer.releaseBuffer();
  },
  decode(bytes) {
    const deserializer = new Deserializer(bytes);
    deserializer.readHeader();
    return deserializer.readValue() as unknown;
  },
};

/** Of what the process says on standard error, which is Node's report of its own end; a plugin cannot write there. */
const reportLengthMax = 4096;

function watchEnd(child: ChildProcess, memory: string): Promise<string> {
  let report = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    if (report.length < reportLengthMax) report += chunk.toString('latin1').slice(0, reportLengthMax - report.length);
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(`its process could not be started: ${error.message}`));
    child.on('close', (code, signal) => resolve(describeEnd(report, memory, code, signal)));
  });
}

function describeEnd(report: string, memory: string, code: number | null, signal: NodeJS.Signals | null): string {
  if (/out of memory/i.test(report)) return `it used more than its memory: ${memory}`;
  if (signal !== null) return `its process was ended by ${signal}`;
  const [line = ''] = /^(?:setpriv|prlimit|\w*Error): .*/m.exec(report) ?? [];
  return line === '' ? `its process exited with ${code ?? 0}` : line.slice(0, 200);
}
