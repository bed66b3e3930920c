import type { PowerInput } from '@bulkhead/plugin-sdk/contract';
import type { GuestLimits, Overrun } from '#wire/wire.js';

/** The powers that a plugin uses without waiting for an answer. */
type SentPowerName = 'log' | 'print';
type Send = <Name extends SentPowerName>(name: Name, input: PowerInput<Name>) => Promise<unknown>;

export interface Outbox {
  log(input: PowerInput<'log'>): void;
  print(text: string): void;
  /** Resolves when all has been sent and taken. */
  drain(): Promise<void>;
}

/** As much as the contract takes in one print. */
const printLengthMax = 65_536;

type Item = { readonly power: 'log'; readonly input: PowerInput<'log'> } | { readonly power: 'print'; parts: string[]; length: number };

/** So many texts are put into one: a million empty prints should take no more memory than their line breaks. */
const partsMax = 1024;

/**
 * What one call sends without waiting, in order and a few at a time: a plugin that never lets its thread rest would else fill the
 * memory of the host with messages. What is beyond the budgets is not even kept; the host is told of it.
 */
export function openOutbox(limits: GuestLimits, send: Send, tell: (held: Overrun) => Promise<unknown>): Outbox {
  const queue: Item[] = [];
  const underWay = new Set<Promise<unknown>>();
  let lines = 0;
  let dropped = 0;
  let printed = 0;

  function track(sending: Promise<unknown>): void {
    const done = sending
      .catch(() => undefined)
      .then(() => {
        underWay.delete(done);
        pump();
      });
    underWay.add(done);
  }
  function pump(): void {
    while (queue.length > 0 && underWay.size < limits.sentAtOnce) {
      const item = queue.shift();
      if (item?.power === 'log') track(send('log', item.input));
      else if (item) track(send('print', { text: item.parts.join('\n') }));
    }
  }
  function addLog(input: PowerInput<'log'>): void {
    queue.push({ power: 'log', input });
    pump();
  }
  /** Many small prints become one message. */
  function addPrint(text: string): void {
    const last = queue.at(-1);
    if (last?.power !== 'print' || last.length + 1 + text.length > printLengthMax) {
      queue.push({ power: 'print', parts: [text], length: text.length });
      return pump();
    }
    last.parts.push(text);
    last.length += 1 + text.length;
    if (last.parts.length > partsMax) last.parts = [last.parts.join('\n')];
  }

  return {
    log(input) {
      lines += 1;
      if (lines > limits.logLinesPerCall) dropped += 1;
      else addLog(input);
    },
    print(text) {
      const before = printed;
      printed += text.length + 1;
      if (printed <= limits.printBytesPerCall) addPrint(text);
      // Once, and past the queue: the host ends the call.
      else if (before <= limits.printBytesPerCall) track(tell({ lines: 0, printed: true }));
    },
    async drain() {
      while (underWay.size > 0) await Promise.all(underWay);
      if (dropped > 0) await tell({ lines: dropped, printed: false });
    },
  };
}
