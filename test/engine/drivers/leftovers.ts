import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import type { Lab } from '../fixtures/container-lab.js';

/** The processes whose arguments have this word in them; of this machine, the tests' own aside. */
export async function findRunning(word: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (words.some((one) => one.includes(word) && !one.includes('{'))) found.push(words.join(' '));
  }
  return found;
}

/** No session, no mount, no process with this word. */
export async function assertNothingLeft(lab: Lab, word: string): Promise<void> {
  assert.deepEqual(await readdir(lab.runDirectory), []);
  assert.ok(!(await readFile('/proc/self/mountinfo', 'utf8')).includes(lab.directory), 'a mount is left');
  assert.deepEqual(await findRunning(word.startsWith('/') ? word : `${lab.directory}/${word}`), []);
}
