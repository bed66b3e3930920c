import * as v from 'valibot';
import { overrun } from '#wire/wire.js';
import { openAllowance } from './allowance.js';
import type { BudgetName } from './budgets.js';
import type { PowerContext } from './powers/power-context.js';

/** What one compartment has used of the budgets that its powers draw on. */
export interface Spending {
  /** The same powers, in which log and print are counted. */
  readonly powers: PowerContext;
  beginCall(): void;
  /** Says how many lines were dropped, in one line. */
  endCall(): void;
  /** What the guest says that it held back. A compartment that lies here spoils its own count. */
  takeOverrun(argument: unknown): void;
}

/** @param onOverspent told of a budget that a compartment does not survive */
export function openSpending(powers: PowerContext, onOverspent: (name: BudgetName) => void, now = () => performance.now()): Spending {
  const { plugin, budgets, log } = powers;
  const allowance = openAllowance(budgets['log-lines-per-second'], now);
  let lines = 0;
  let dropped = 0;
  let printedBytes = 0;

  function admitLine(): boolean {
    lines += 1;
    return lines <= budgets['log-lines-per-call'] && allowance.take();
  }
  function tellDropped(): void {
    if (dropped > 0) log.write('warning', `[${plugin}] … ${dropped.toLocaleString('en-US')} further lines were dropped`);
    dropped = 0;
  }

  return {
    powers: {
      ...powers,
      log: {
        isDebug: log.isDebug,
        write(level, message) {
          if (admitLine()) log.write(level, message);
          else dropped += 1;
        },
      },
      print(text) {
        printedBytes += Buffer.byteLength(text);
        if (printedBytes > budgets['print-bytes-per-call']) onOverspent('print-bytes-per-call');
        else powers.print(text);
      },
    },
    beginCall() {
      lines = 0;
      printedBytes = 0;
    },
    endCall: tellDropped,
    takeOverrun(argument) {
      const held = v.parse(overrun, argument);
      dropped = Math.min(dropped + held.lines, Number.MAX_SAFE_INTEGER);
      if (held.printed) onOverspent('print-bytes-per-call');
    },
  };
}
