import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PowerInput } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import writeFileAtomic from 'write-file-atomic';
import { systemCodeOf } from '#base/errors.js';
import { powerErrors } from '../errors.js';
import type { CallInFlight, PowerContext } from './power-context.js';

/** Pairs, not an object: a key such as `__proto__` is a key. */
const storeContent = v.array(v.strictTuple([v.string(), v.string()]));

/** Changes of one store follow each other; two processes at once may lose a change of one, never the file. */
const changing = new Map<string, Promise<unknown>>();

export async function storeGet({ key }: PowerInput<'storeGet'>, { stateDirectory }: PowerContext): Promise<string | undefined> {
  return (await readStore(stateDirectory)).get(key);
}

export async function storeKeys(_input: PowerInput<'storeKeys'>, { stateDirectory }: PowerContext): Promise<string[]> {
  return [...(await readStore(stateDirectory)).keys()].sort();
}

export async function storeSet({ key, value }: PowerInput<'storeSet'>, context: PowerContext, call: CallInFlight): Promise<undefined> {
  await changeStore(context, call, (store) => {
    store.set(key, value);
    const { 'store-keys': keysMax, 'store-bytes': bytesMax } = context.budgets;
    if (store.size > keysMax) throw powerErrors.storeFull(`${keysMax} keys`);
    if (measure(store) > bytesMax) throw powerErrors.storeFull(`${bytesMax} bytes`);
  });
}

export async function storeDelete({ key }: PowerInput<'storeDelete'>, context: PowerContext, call: CallInFlight): Promise<undefined> {
  await changeStore(context, call, (store) => void store.delete(key));
}

async function changeStore(
  { stateDirectory }: PowerContext,
  call: CallInFlight,
  change: (store: Map<string, string>) => void,
): Promise<void> {
  const file = storeFile(stateDirectory);
  const turn = (changing.get(file) ?? Promise.resolve()).then(async () => {
    if (call.over.aborted) throw powerErrors.callOver('store');
    const store = await readStore(stateDirectory);
    change(store);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFileAtomic(file, `${JSON.stringify([...store], null, 2)}\n`, { mode: 0o600 });
  });
  changing.set(
    file,
    turn.catch(() => undefined),
  );
  await turn;
}

function measure(store: ReadonlyMap<string, string>): number {
  let bytes = 0;
  for (const [key, value] of store) bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  return bytes;
}

/** A file that is not a store is an error, never an empty store. */
async function readStore(stateDirectory: string): Promise<Map<string, string>> {
  const file = storeFile(stateDirectory);
  try {
    return new Map(v.parse(storeContent, JSON.parse(await readFile(file, 'utf8'))));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return new Map();
    throw error;
  }
}

/** Where a plugin's store lies in its own directory. */
export function storeFile(stateDirectory: string): string {
  return join(stateDirectory, 'store.json');
}
