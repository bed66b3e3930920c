import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { findShipped } from '#base/shipped.js';
import { permissionArguments } from '../../src/host/guest-file.js';

/**
 * The second wall: code that got out of its compartment into the worker's own realm. Each line is tried in a worker that is
 * started as the host starts them, without the compartment, and must throw.
 */
const attempts: Readonly<Record<string, string>> = {
  'read a file': `require('node:fs').readFileSync('/etc/passwd')`,
  'list a directory': `require('node:fs').readdirSync('/')`,
  'write a file': `require('node:fs').writeFileSync('/tmp/bulkhead-attack', '')`,
  'start a process': `require('node:child_process').execSync('true')`,
  'start a worker': `new (require('node:worker_threads').Worker)('1', { eval: true })`,
  'load an addon': `process.dlopen({ exports: {} }, '/nonexistent.node')`,
  'use a binding': `process.binding('fs')`,
  'change the directory': `process.chdir('/')`,
  'become another user': `process.setuid(65534)`,
  'abort the process': `process.abort()`,
};
const benign: Readonly<Record<string, string>> = {
  'read the guest': `require('node:fs').readFileSync(GUEST)`,
  'see an empty environment': `if (Object.keys(process.env).length > 0) throw new Error('has one')`,
};

describe('the realm of the worker itself', () => {
  for (const [title, code] of Object.entries(attempts)) {
    it(`cannot ${title}`, async () => assert.match(await tryInWorker(code), /^threw/));
  }
  for (const [title, code] of Object.entries(benign)) {
    it(`can ${title}`, async () => assert.equal(await tryInWorker(code), 'done'));
  }

  it('may read no more than the guest and piscina', () => {
    const guest = findShipped('guest/guest.cjs') ?? assert.fail('not built');
    const allowed = permissionArguments(guest).filter((argument) => argument.startsWith('--allow'));
    const piscina = dirname(createRequire(import.meta.url).resolve('piscina'));
    assert.deepEqual(allowed, [`--allow-fs-read=${dirname(guest)}/*`, `--allow-fs-read=${piscina}/*`]);
  });
});

async function tryInWorker(code: string): Promise<string> {
  const guest = findShipped('guest/guest.cjs') ?? assert.fail('not built');
  const source = `let r; try { const GUEST = ${JSON.stringify(guest)}; ${code}; r = 'done' } catch (e) { r = 'threw ' + e.code } require('node:worker_threads').parentPort.postMessage(r)`;
  const worker = new Worker(source, { eval: true, env: {}, execArgv: permissionArguments(guest) });
  try {
    return await new Promise<string>((resolve, reject) => worker.on('message', resolve).on('error', reject));
  } finally {
    await worker.terminate();
  }
}
