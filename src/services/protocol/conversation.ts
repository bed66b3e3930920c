/**
 * The program of a plugin, asked as the contract says. It is told first what this host offers, and says what it was written against:
 * the lock that holds for packages holds for it (catalog/compatibility.ts). Each answer passes the contract's schema, as one out of a compartment does.
 */
import type { Duplex } from 'node:stream';
import * as v from 'valibot';
import { checkCompatibility, type ServiceType, type VersionLock } from '#catalog/catalog.js';
import { protocolErrors } from './errors.js';
import { helloAnswer, PROTOCOL_VERSION, type HelloAnswer, type HelloQuestion } from './messages.js';
import { openPeer, type Peer } from './peer.js';

const HELLO_MS = 10_000;

/** What can be asked, by name: the callbacks of the contract. */
export type Operations = Readonly<
  Record<string, { readonly deadlineMs: number; readonly input: v.GenericSchema; readonly output: v.GenericSchema }>
>;

export interface ConversationOptions<Table extends Operations> {
  /** The plugin's name. */
  readonly plugin: string;
  readonly type: ServiceType;
  readonly instance?: string | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly offered: HelloQuestion['contract'];
  readonly lock: VersionLock;
  readonly operations: Table;
  /** Those without which the program is of no use. */
  readonly needed: readonly (keyof Table & string)[];
  /** What the operator makes of a deadline of the contract; as it is where absent. */
  readonly deadlineOf?: ((contractMs: number) => number) | undefined;
}

export interface Conversation<Table extends Operations> extends Pick<Peer, 'closed' | 'close'> {
  /** Rejects with SERVICE_ANSWER_INVALID, and as `Peer.request`. */
  call<Name extends keyof Table & string>(
    name: Name,
    input: v.InferOutput<Table[Name]['input']>,
  ): Promise<v.InferOutput<Table[Name]['output']>>;
}

/** Takes the connection over, and ends it where it throws: SERVICE_INCOMPATIBLE, and as `call`. */
export async function openConversation<Table extends Operations>(
  connection: Duplex,
  options: ConversationOptions<Table>,
): Promise<Conversation<Table>> {
  const { plugin, operations, deadlineOf = (contractMs) => contractMs } = options;
  const peer = openPeer(connection, plugin);
  try {
    await greet(peer, options);
  } catch (thrown) {
    peer.close();
    throw thrown;
  }
  return {
    closed: peer.closed,
    close: () => peer.close(),
    async call(name, input) {
      const operation = operations[name];
      if (operation === undefined) throw protocolErrors.answerInvalid(plugin, name, 'nobody may ask that');
      const answer = await peer.request(name, input as object, deadlineOf(operation.deadlineMs));
      // JSON has no other word for nothing.
      return check(operation.output, answer ?? undefined, { plugin, method: name }) as v.InferOutput<Table[typeof name]['output']>;
    },
  };
}

async function greet<Table extends Operations>(peer: Peer, options: ConversationOptions<Table>): Promise<void> {
  const { plugin, type, instance, settings, offered, lock, needed } = options;
  const { version, digest, callbacks, powers } = offered;
  const question: HelloQuestion = {
    protocol: PROTOCOL_VERSION,
    contract: { version, digest, callbacks, powers },
    plugin,
    type,
    ...(instance === undefined ? {} : { instance }),
    settings,
  };
  const answer = check(helloAnswer, await peer.request('hello', question, HELLO_MS), { plugin, method: 'hello' }) as HelloAnswer;
  if (answer.protocol !== PROTOCOL_VERSION)
    throw protocolErrors.incompatible(plugin, `written for protocol ${answer.protocol}, and this host speaks ${PROTOCOL_VERSION}`);
  requireSameContract(plugin, answer, { offered, lock });
  const missing = needed.filter((name) => !Object.hasOwn(answer.contract.callbacks, name));
  if (missing.length > 0) throw protocolErrors.incompatible(plugin, `one that does not answer ${missing.join(', ')}`, { missing });
}

function requireSameContract(
  plugin: string,
  { contract }: HelloAnswer,
  { offered, lock }: { readonly offered: HelloQuestion['contract']; readonly lock: VersionLock },
): void {
  const { version, callbacks } = contract;
  // Who writes by hand has no digest, and says no more than the versions. That is not enough where the operator wants exactly this contract.
  const digest = contract.digest ?? (lock === 'exact' ? '' : offered.digest);
  const verdict = checkCompatibility({ version, callbacks, digest, powers: {} }, offered, { lock });
  if (verdict.accepted) return;
  throw protocolErrors.incompatible(plugin, verdict.message, { reason: verdict.reason, built: version, offered: offered.version });
}

function check(schema: v.GenericSchema, value: unknown, { plugin, method }: { plugin: string; method: string }): unknown {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw protocolErrors.answerInvalid(plugin, method, [v.getDotPath(issue), issue.message].filter((part) => part !== null).join(': '));
}
