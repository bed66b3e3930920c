import type { AskedPowerName, CallbackName, PowerInput } from '@bulkhead/plugin-sdk/contract';
import { judgeError, type Audit, type AuditArgument } from './audit.js';

type Summaries = { readonly [Name in AskedPowerName]: ((input: PowerInput<Name>) => AuditArgument) | undefined };

/**
 * What a line says of an argument: enough to know what was touched, never what was written there. Without a function the power
 * leaves no lines: what it says is seen where it says it.
 */
const summaries: Summaries = {
  log: undefined,
  print: undefined,
  storeGet: ({ key }) => ({ key }),
  storeSet: ({ key, value }) => ({ key, characters: value.length }),
  storeDelete: ({ key }) => ({ key }),
  storeKeys: () => ({}),
  readFile: ({ path }) => ({ path }),
  writeFile: ({ path, text }) => ({ path, characters: text.length }),
  // A path or a query of a URL may hold a secret.
  fetch: ({ method, url }) => ({ method, server: URL.canParse(url) ? new URL(url).origin : 'none' }),
  exec: ({ program, args }) => ({ program, args }),
  'container.signal': ({ signal }) => ({ signal }),
  'container.stats': () => ({}),
  // The line itself is in the system log.
  syslog: ({ facility, severity, message }) => ({ facility, severity, characters: message.length }),
};

/** The record of one use of a power, in the order in which it comes about. */
export interface AuditedUse {
  /** Before the power acts. Throws where that must be recorded and cannot be. */
  ask(callback: CallbackName, input: unknown): void;
  /** The same after it has: the answer is then withheld. */
  done(): void;
  /** After an error, also one of the two above. Never throws. */
  failed(thrown: unknown): void;
}

let uses = 0;

export function openUse<Name extends AskedPowerName>(audit: Audit | undefined, plugin: string, power: Name): AuditedUse {
  const summarize = summaries[power];
  if (audit === undefined || summarize === undefined) return { ask: nothing, done: nothing, failed: nothing };
  const use = audit.isRequired ? `${process.pid}-${(uses += 1)}` : undefined;
  let callback: CallbackName | null = null;
  let argument: AuditArgument | null = null;
  return {
    ask(inTheNameOf, input) {
      callback = inTheNameOf;
      argument = summarize(input as PowerInput<Name>);
      if (audit.isRequired) audit.record({ plugin, callback, power, argument, decision: 'asked', use });
    },
    done: () => audit.record({ plugin, callback, power, argument, decision: 'allowed', use }),
    failed(thrown) {
      try {
        audit.record({ plugin, callback, power, argument, ...judgeError(thrown), use });
      } catch {
        // The plugin gets an error already.
      }
    },
  };
}

function nothing(): void {
  // Not recorded.
}
