/**
 * A program for killed.test.ts: `change-program DIRECTORY CYCLES [KILL_AT]` changes a plugin directory step by step and prints a line
 * after each. With KILL_AT it kills itself in front of its KILL_AT-th call that writes to the disk.
 */
import fs from 'node:fs';
import { setEnabled, uninstallPlugin } from '#catalog/catalog.js';
import { install, optionsFor, uid, type TestPlace } from './builder.js';

const name = 'example.com/sample';

async function changeDirectory(path: string, cycles: number): Promise<void> {
  const user = { path, scope: 'user' } as const;
  const place: TestPlace = { user, system: { path: `${path}-none`, scope: 'system' }, remove: () => Promise.resolve() };
  const steps = [
    () => install(place, { version: '1.0.0' }),
    () => install(place, { version: '2.0.0' }),
    () => setEnabled(name, false, optionsFor(place)),
    () => setEnabled(name, true, optionsFor(place)),
    () => uninstallPlugin(name, { directory: user, uid }),
  ];
  fs.writeSync(1, 'started, ');
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (const step of steps) {
      await step();
      fs.writeSync(1, 'changed\n');
    }
  }
}

/** Real calls, all of them, up to the last one. */
async function killBeforeCall(killAt: number): Promise<void> {
  let calls = 0;
  const count = (target: object, methods: readonly string[]) => {
    for (const method of methods) {
      const original: unknown = Reflect.get(target, method);
      if (typeof original !== 'function') throw new Error(`no ${method}`);
      Reflect.set(target, method, function counted(this: unknown, ...args: unknown[]): unknown {
        if (++calls === killAt) process.kill(process.pid, 'SIGKILL');
        const result: unknown = Reflect.apply(original, this, args);
        return result;
      });
    }
  };
  const handle = await fs.promises.open('/dev/null');
  count(Object.getPrototypeOf(handle) as object, ['writeFile', 'chmod', 'sync']);
  await handle.close();
  count(fs.promises, ['open', 'mkdir', 'chmod', 'rename', 'unlink', 'rmdir']);
  count(fs, ['mkdir', 'utimes', 'rmdir']);
}

async function main([directory = '', cycles = '1', killAt]: readonly string[]): Promise<void> {
  if (killAt !== undefined) await killBeforeCall(Number(killAt));
  await changeDirectory(directory, Number(cycles));
}

void main(process.argv.slice(2));
