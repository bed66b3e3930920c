/**
 * dist/services/daemon.js: the program that `bulkhead system start` leaves behind. It holds the endpoints of services that do not run
 * and answers commands; it keeps nothing running itself. SIGTERM ends it and all services, as `bulkhead system stop` does.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import { openOutputFile } from '#base/output-file.js';
import { PROTOCOL, type Hello } from '../control.js';
import { labelOfService } from '../definition.js';
import { serviceErrors } from '../errors.js';
import { findJson, removeFile, writeJson } from '../json-file.js';
import { controlSocket, daemonDirectory, openOwnDirectory, openPlaces } from '../places.js';
import { isRunning, processReference, referToProcess } from '../processes.js';
import { openRegistry, type Registry } from './registry.js';
import { serveControl, type Answers } from './serve.js';
import { awaitReady, describeService } from './status.js';

const order = v.strictObject({
  version: v.string(),
  places: v.strictObject({ kept: v.string(), run: v.string(), pluginState: v.string() }),
});

async function main([text = '']: readonly string[]): Promise<void> {
  const { version, places } = v.parse(order, JSON.parse(text));
  await openPlaces(places);
  const own = daemonDirectory(places);
  await openOwnDirectory(own);
  const output = openOutputFile({ path: join(own, 'output.jsonl'), onLost: () => undefined });
  const note = (line: string): void => output.write('stderr', Buffer.from(`${line}\n`));
  const self = referToProcess(process.pid);
  const before = await findJson(join(own, 'identity.json'), v.object({ process: processReference, places: order.entries.places }));
  if (self === undefined) throw new Error('this process cannot be found in /proc');
  // Two daemons would take each other's services away; the command that starts one has looked before, for a daemon at its own socket.
  if (before !== undefined && isRunning(before.process)) throw serviceErrors.otherRoot(before.places, places);
  const hello: Hello = {
    bulkhead: 'services',
    protocol: PROTOCOL,
    version,
    process: self,
    startedAt: new Date().toISOString(),
    places,
  };
  writeJson(join(own, 'identity.json'), hello);

  const registry = openRegistry({ places, environment: definedOf(process.env), note });
  const adopted = await registry.adopt();
  note(
    `the daemon of bulkhead ${version} has started (process ${self.pid})${adopted.length === 0 ? '' : `, and found ${adopted.join(', ')}`}`,
  );

  let ending: Promise<string[]> | undefined;
  const shutDown = (): Promise<string[]> => (ending ??= end());
  const control = await serveControl(controlSocket(places), hello, answerWith(registry, { adopted, shutDown, note }));
  async function end(): Promise<string[]> {
    const stopped = registry.list().map(({ label }) => label);
    await registry.close();
    removeFile(controlSocket(places));
    removeFile(join(own, 'identity.json'));
    note('the daemon ends');
    control.close();
    return stopped;
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void shutDown());
  process.on('SIGHUP', () => undefined);
}

interface Context {
  readonly adopted: string[];
  readonly shutDown: () => Promise<string[]>;
  readonly note: (line: string) => void;
}

function answerWith(registry: Registry, { adopted, shutDown, note }: Context): Answers {
  return {
    async register({ definition }) {
      const outcome = await registry.register(definition);
      const { label, endpoints } = registry.get(labelOfService(definition));
      if (outcome !== 'unchanged') note(`${label}: ${outcome}`);
      return { outcome, endpoints: [...endpoints] };
    },
    deregister: async ({ label }) => ({ wasThere: await registry.deregister(label) }),
    start({ label }) {
      registry.get(label).start();
      return {};
    },
    async awaitReady({ label }) {
      await awaitReady(registry.get(label));
      return {};
    },
    async stop({ label }) {
      await registry.get(label).stop();
      return {};
    },
    status: () => ({ services: registry.list().map(describeService), adopted }),
    shutDown: async () => ({ stopped: await shutDown() }),
  };
}

function definedOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

await main(process.argv.slice(2));
