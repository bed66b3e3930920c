import { powers, type AskedPowerName, type PowerInput, type PowerOutput } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import { BulkheadError, messageOf } from '#base/errors.js';
import { FaultError, type Method, type Methods } from '#wire/wire.js';
import { powerErrors } from '../errors.js';
import { openUse } from './audit-use.js';
import { readStats, signalContainer } from './container.js';
import { exec } from './exec.js';
import { fetchUrl } from './fetch.js';
import { writeLog } from './log.js';
import type { CallInFlight, PowerContext } from './power-context.js';
import { print } from './print.js';
import { readFile } from './read-file.js';
import { storeDelete, storeGet, storeKeys, storeSet } from './store.js';
import { writeSyslog } from './syslog.js';
import { writeFile } from './write-file.js';

type Handlers = {
  readonly [Name in AskedPowerName]: (
    input: PowerInput<Name>,
    context: PowerContext,
    call: CallInFlight,
  ) => PowerOutput<Name> | Promise<PowerOutput<Name>>;
};

/** A file each; the table is complete, or it does not compile. */
const handlers: Handlers = {
  log: writeLog,
  print,
  storeGet,
  storeSet,
  storeDelete,
  storeKeys,
  readFile,
  writeFile,
  fetch: fetchUrl,
  exec,
  'container.signal': signalContainer,
  'container.stats': readStats,
  syslog: writeSyslog,
};

/** The powers of one plugin as methods for the wire. Each checks its argument, and that it is asked in the name of a call in flight. */
export function makePowerMethods(context: PowerContext, findCall: (callId: string) => CallInFlight | undefined): Methods<AskedPowerName> {
  const underWayMax = context.budgets['powers-under-way'];
  let underWay = 0;
  function method<Name extends AskedPowerName>(name: Name): Method {
    const schema = v.strictObject({ callId: v.pipe(v.string(), v.maxLength(64)), input: powers[name].input as v.GenericSchema });
    return async (argument) => {
      // Those two are done at once, and who waits for nothing cannot be told to wait.
      const counts = name === 'log' || name === 'print' ? 0 : 1;
      underWay += counts;
      const use = openUse(context.audit, context.plugin, name);
      try {
        if (underWay > underWayMax) throw powerErrors.tooMany(name, underWayMax);
        const { callId, input } = checkArgument(name, schema, argument);
        const call = findCall(callId);
        if (call === undefined) throw powerErrors.callOver(name);
        use.ask(call.callback, input);
        const answer = await handlers[name](input as PowerInput<Name>, context, call);
        use.done();
        return answer;
      } catch (thrown) {
        use.failed(thrown);
        // Nobody waits for the answer of these two, so that the plugin's author would not learn of it.
        const level = name === 'log' || name === 'print' ? 'warning' : 'debug';
        context.log.write(level, `[${context.plugin}] ${name}: ${messageOf(thrown)}`);
        throw refusal(thrown);
      } finally {
        underWay -= counts;
      }
    };
  }
  return Object.fromEntries(Object.keys(handlers).map((name) => [name, method(name as AskedPowerName)])) as Methods<AskedPowerName>;
}

type ArgumentSchema = v.GenericSchema<unknown, { callId: string; input: unknown }>;

function checkArgument(name: AskedPowerName, schema: ArgumentSchema, argument: unknown): { callId: string; input: unknown } {
  const checked = v.safeParse(schema, argument, { abortEarly: true });
  if (checked.success) return checked.output;
  const issue = checked.issues[0];
  throw powerErrors.badArgument(name, v.getDotPath(issue)?.replace(/^input\./, '') ?? 'argument', issue.message);
}

/** Our own errors cross with code and message; of any other the plugin learns nothing but that it happened. */
function refusal(thrown: unknown): FaultError {
  if (thrown instanceof BulkheadError) return new FaultError({ code: thrown.code, name: 'Error', message: thrown.message.slice(0, 4096) });
  return new FaultError({ code: 'POWER_FAILED', name: 'Error', message: 'the host could not do this' });
}
