import type { AskedPowerName, PowerInput, PowerOutput } from '@bulkhead/plugin-sdk/contract';
import type { Ask } from '#wire/wire.js';
import type { LogLevel } from './endowments/console.js';
import { fetchAsWritten } from './fetch.js';

export type AskPower = Ask<AskedPowerName>;

export interface HostFacet {
  /** What the plugin's callback gets as its second argument: plain, frozen functions, never the remote itself. */
  readonly host: object;
  writeLog(level: LogLevel, message: string): void;
  /** Waits for what was sent without waiting (log lines, prints) and then revokes the powers: the call is over. */
  close(): Promise<void>;
}

/** Makes the powers of one call. They carry its id, and the host refuses an id that is not in flight. */
export function openHostFacet(callId: string, env: Readonly<Record<string, string>>, askPower: AskPower): HostFacet {
  const sent = new Set<Promise<unknown>>();
  let isOpen = true;

  async function ask<Name extends AskedPowerName>(name: Name, input: PowerInput<Name>): Promise<PowerOutput<Name>> {
    if (!isOpen) throw new Error('The call is over: a power works only until its callback has answered');
    const reply = await askPower(name, { callId, input }).catch(() => {
      // What was thrown is an object of the worker's own realm; none of those may reach the plugin.
      throw new TypeError('The argument of a power must be plain data');
    });
    if (!reply.ok) throw Object.assign(new Error(reply.fault.message), { code: reply.fault.code });
    return harden(reply.value) as PowerOutput<Name>;
  }
  /** Sends without waiting. A refusal is the host's to report; the plugin's code goes on. */
  function send<Name extends AskedPowerName>(name: Name, input: PowerInput<Name>): void {
    const pending = ask(name, input).catch(() => undefined);
    sent.add(pending);
    void pending.finally(() => sent.delete(pending));
  }
  const writeLog = (level: LogLevel, message: string): void => send('log', { level, message: String(message).slice(0, 4096) });

  const host = harden({
    log: {
      debug: (message: string) => writeLog('debug', message),
      info: (message: string) => writeLog('info', message),
      warning: (message: string) => writeLog('warning', message),
      error: (message: string) => writeLog('error', message),
    },
    store: {
      get: async (key: string) => ask('storeGet', { key: requireText(key) }),
      set: async (key: string, value: string) => ask('storeSet', { key: requireText(key), value: requireText(value) }),
      delete: async (key: string) => ask('storeDelete', { key: requireText(key) }),
      keys: () => ask('storeKeys', {}),
    },
    env: (name: string) => (Object.hasOwn(env, name) ? env[name] : undefined),
    readFile: async (path: string) => ask('readFile', { path: requireText(path) }),
    writeFile: async (path: string, text: string) => ask('writeFile', { path: requireText(path), text: requireText(text) }),
    fetch: async (url: string, options?: object) => fetchAsWritten((input) => ask('fetch', input), requireText(url), options),
    exec: async (program: string, args: readonly string[] = [], { stdin }: { stdin?: string } = {}) =>
      ask('exec', { program: requireText(program), args: requireTexts(args), ...(stdin !== undefined && { stdin: requireText(stdin) }) }),
    print: (text: string) => send('print', { text: String(text).slice(0, 65536) }),
  });

  return {
    host,
    writeLog,
    async close() {
      while (sent.size > 0) await Promise.all(sent);
      isOpen = false;
    },
  };
}

/** Before it is copied: a buffer of gigabytes would be refused on the other side, but only once it is there. */
function requireText(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('The argument of a power must be text');
  return value;
}

function requireTexts(values: unknown): string[] {
  if (!Array.isArray(values)) throw new TypeError('The arguments of a program must be a list of texts');
  return values.map((value) => requireText(value));
}
