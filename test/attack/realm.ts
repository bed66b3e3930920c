/** What must be the same before and after whatever a plugin did: the parts of the host's realm that an escape would touch. */
const watched: readonly object[] = [
  globalThis,
  Object,
  Object.prototype,
  Array.prototype,
  Function.prototype,
  Promise.prototype,
  Map.prototype,
  String.prototype,
  Error,
  Error.prototype,
  process,
];

export interface RealmSnapshot {
  readonly keys: readonly (readonly (string | symbol)[])[];
  readonly env: string;
  readonly directory: string;
  readonly listeners: readonly number[];
}

export function snapshotRealm(): RealmSnapshot {
  return {
    keys: watched.map((object) => Reflect.ownKeys(object)),
    env: JSON.stringify(process.env),
    directory: process.cwd(),
    listeners: ['exit', 'uncaughtException', 'unhandledRejection', 'SIGINT'].map((event) => process.listenerCount(event)),
  };
}
