import type { AskedPowerName, PowerInput, PowerOutput, SignalName } from '@bulkhead/plugin-sdk/contract';
import { findNotPlain, overrunMethod, type Ask, type Fault, type GuestLimits, type Port, type SessionTask } from '#wire/wire.js';
import type { LogLevel } from './endowments/console.js';
import { openOutbox } from './outbox.js';
import { fetchAsWritten } from './fetch.js';

export type AskPower = Ask<AskedPowerName | typeof overrunMethod>;

type FacetTask = Pick<SessionTask<Port>, 'env' | 'configuration' | 'limits'>;

export interface HostFacet {
  /** What the plugin's callback gets as its second argument: plain, frozen functions, never the remote itself. */
  readonly host: object;
  writeLog(level: LogLevel, message: string): void;
  /** Waits for what was sent without waiting (log lines, prints) and then revokes the powers: the call is over. */
  close(): Promise<void>;
}

/** Makes the powers of one call. They carry its id, and the host refuses an id that is not in flight. */
export function openHostFacet(callId: string, { env, configuration, limits }: FacetTask, askPower: AskPower): HostFacet {
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
  // A refusal of what is sent without waiting is the host's to report; the plugin's code goes on.
  const outbox = openOutbox(limits, ask, (held) => askPower(overrunMethod, held));
  const writeLog = (level: LogLevel, message: string): void => {
    if (isOpen) outbox.log({ level, message: String(message).slice(0, 4096) });
  };

  const host = harden({
    configuration,
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
    container: {
      signal: async (signal: SignalName) => ask('container.signal', { signal: requireText(signal) as SignalName }),
      stats: () => ask('container.stats', {}),
    },
    syslog: async (message: string, { facility = 'user', severity = 'info' }: Partial<PowerInput<'syslog'>> = {}) =>
      ask('syslog', { message: requireText(message), facility, severity }),
    print: (text: string) => {
      if (isOpen) outbox.print(String(text).slice(0, 65536));
    },
  });

  return {
    host,
    writeLog,
    async close() {
      await outbox.drain();
      isOpen = false;
    },
  };
}

/** Refuses here what the host would refuse: requests that nobody waits for must not fill its memory. */
export function limitPowers(askPower: AskPower, { powersUnderWay, messageCharacters }: GuestLimits): AskPower {
  const sent: ReadonlySet<string> = new Set(['log', 'print', overrunMethod]);
  let underWay = 0;
  return async (name, argument) => {
    if (sent.has(name)) return askPower(name, argument);
    const notPlain = findNotPlain(argument, messageCharacters);
    if (notPlain !== undefined) return { ok: false, fault: badArgument(name, notPlain) };
    if (underWay >= powersUnderWay) return { ok: false, fault: tooMany(name, powersUnderWay) };
    underWay += 1;
    try {
      return await askPower(name, argument);
    } finally {
      underWay -= 1;
    }
  };
}

/** Both as the host says it. */
function badArgument(name: string, why: string): Fault {
  return { code: 'POWER_BAD_ARGUMENT', name: 'Error', message: `Cannot use ${name}: argument: ${why}` };
}

function tooMany(name: string, powersUnderWay: number): Fault {
  const message = `Cannot use ${name}: ${powersUnderWay} requests of this plugin are under way already`;
  return { code: 'POWER_TOO_MANY', name: 'Error', message };
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
