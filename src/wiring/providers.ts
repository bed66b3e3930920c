/**
 * The program of a bundle, asked as a plugin in a compartment is: the same questions, the same schemas of the answers, the same deadlines.
 *
 *      a plugin in a compartment      host.respondent(…)                                     src/host
 *      the program of a bundle        an instance of its service, and its socket      src/services, src/services/protocol
 *
 * Such a program has all the rights of its user: nobody grants it anything. What it answers is checked nevertheless.
 */
import { callbacks, CONTRACT, type CallbackName } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError, messageOf } from '#base/errors.js';
import type { Bundle } from '#catalog/catalog.js';
import { budgetsOf, deadlineOf, type Respondent } from '#host/host.js';
import type { Scene } from './scene.js';

export interface Provider extends Pick<Respondent, 'name' | 'ask'> {
  /** Ends the instance, and leaves nothing of it; of one that lasts the connection alone. Idempotent; never throws. */
  close(): Promise<void>;
}

export interface ProviderRequest {
  readonly bundle: Bundle;
  readonly type: 'runtime' | 'network';
  /** The id of a container, the name of a network. */
  readonly instance: string;
  /** What its program is told of it, as its arguments. */
  readonly arguments: readonly string[];
  /** Without which it is of no use. */
  readonly needed: readonly CallbackName[];
  /** Others may be asking the same instance: it stays, also where it fails, until `endInstance`. */
  readonly lasts?: boolean;
}

/** Leaves nothing of it. Its bundle may be gone. Idempotent; never throws. */
export async function endInstance({ paths, log }: Scene, { name, instance }: { name: string; instance: string }): Promise<void> {
  const { removeService } = await import('#services/services.js');
  await removeService({ bundle: { name }, instance, places: paths.services }).catch((thrown: unknown) =>
    log.write('warning', `instance ${instance} of bundle "${name}" may be left: ${messageOf(thrown)}`),
  );
}

/**
 * Starts the instance where it does not run. Rejects with what keeps it from running (SERVICES_NOT_RUNNING, SERVICE_FAILED), or from being
 * understood (SERVICE_INCOMPATIBLE); then nothing of it is left, unless it lasts.
 */
export async function openProvider(scene: Scene, request: ProviderRequest): Promise<Provider> {
  const { bundle, type, instance, arguments: given, needed, lasts = false } = request;
  const { name, settings } = bundle;
  const places = scene.paths.services;
  const { 'version-lock': lock, budgets: budgetSettings } = await scene.settings();
  const budgets = budgetsOf(budgetSettings, name);
  const { connectService, openConversation, protocolErrors, readLastWords } = await import('#services/services.js');

  const end = (): Promise<void> => (lasts ? Promise.resolve() : endInstance(scene, { name, instance }));
  /** Who hears that a program ended wants to know why. */
  const explain = async (thrown: unknown): Promise<unknown> =>
    thrown instanceof BulkheadError && thrown.code === 'SERVICE_CONNECTION_LOST'
      ? protocolErrors.lost(name, 'its program ended', await readLastWords({ bundle, instance, places }))
      : thrown;

  try {
    const connection = await connectService({ bundle, type, instance, arguments: given, places });
    const conversation = await openConversation(connection, {
      plugin: name,
      type,
      instance,
      settings,
      offered: CONTRACT,
      lock,
      operations: callbacks,
      needed,
      deadlineOf: (contractMs) => deadlineOf(budgets, contractMs),
    });
    return {
      name,
      async ask(callback, input) {
        try {
          return await conversation.call(callback, input);
        } catch (thrown) {
          throw await explain(thrown);
        }
      },
      close: () => {
        conversation.close();
        return end();
      },
    };
  } catch (thrown) {
    const explained = await explain(thrown);
    await end();
    throw explained;
  }
}
