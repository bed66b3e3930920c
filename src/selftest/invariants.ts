/** What of the host must be the same before and after whatever a plugin did. */

type Members = ReadonlyMap<PropertyKey, PropertyDescriptor>;

export interface Invariants {
  readonly realm: ReadonlyMap<string, Members>;
  readonly process: Readonly<Record<string, string>>;
  /** How many of each kind are open: ports, workers, files, … */
  readonly resources: ReadonlyMap<string, number>;
}

export function readInvariants(): Invariants {
  return {
    realm: new Map(listRealm().map(([name, object]) => [name, membersOf(object)])),
    process: {
      environment: JSON.stringify(process.env),
      directory: process.cwd(),
      'exit code': String(process.exitCode),
      title: process.title,
      user: `${process.getuid?.()}:${process.getgid?.()}`,
      listeners: process
        .eventNames()
        .map((event) => `${String(event)} ${process.listenerCount(event)}`)
        .sort()
        .join(', '),
    },
    resources: countResources(),
  };
}

/** What differs, each in a few words; empty where all is as it was. */
export function findBroken(before: Invariants, after: Invariants): string[] {
  return [
    ...[...before.realm].flatMap(([name, members]) => compareMembers(name, members, after.realm.get(name) ?? new Map())),
    ...Object.keys(before.process)
      .filter((key) => before.process[key] !== after.process[key])
      .map((key) => `the ${key} of the process changed`),
    ...findLeft(before, after),
  ];
}

/** Resources that are there now and were not before. Threads and ports end a moment after they are told to. */
export function findLeft(before: Invariants, after: Invariants = readInvariants()): string[] {
  return [...after.resources]
    .filter(([kind, count]) => count > (before.resources.get(kind) ?? 0))
    .map(([kind, count]) => `${count - (before.resources.get(kind) ?? 0)} more open ${kind}`);
}

/** The intrinsics by name: every global class with its prototype, namespaces, hidden prototypes, and the global object. */
function listRealm(): [string, object][] {
  const classes = Object.entries(Object.getOwnPropertyDescriptors(globalThis)).flatMap(([name, { value }]): [string, object][] =>
    typeof value === 'function' && /^[A-Z]/.test(name) ? [[name, value], ...prototypeOf(name, value as { prototype?: unknown })] : [],
  );
  const iterator = Object.getPrototypeOf([][Symbol.iterator]()) as object;
  return [
    ...classes,
    ['globalThis', globalThis],
    ['Reflect', Reflect],
    ['JSON', JSON],
    ['Math', Math],
    ['Atomics', Atomics],
    ['%ArrayIteratorPrototype%', iterator],
    ['%IteratorPrototype%', Object.getPrototypeOf(iterator) as object],
    ['%AsyncFunction.prototype%', Object.getPrototypeOf(async () => undefined) as object],
    ['%GeneratorFunction.prototype%', Object.getPrototypeOf(function* () {}) as object],
    ['process', process],
  ];
}

function prototypeOf(name: string, { prototype }: { prototype?: unknown }): [string, object][] {
  return typeof prototype === 'object' && prototype !== null ? [[`${name}.prototype`, prototype]] : [];
}

/** State of Node's own, and globals that Node loads at their first use, may change at any time. */
function membersOf(object: object): Members {
  const isState = (key: PropertyKey, { value, get }: PropertyDescriptor): boolean =>
    (object === process && typeof value !== 'function') || (object === globalThis && get !== undefined);
  const members = Reflect.ownKeys(object).map((key) => [key, Object.getOwnPropertyDescriptor(object, key) ?? {}] as const);
  return new Map(members.map(([key, descriptor]) => [key, isState(key, descriptor) ? {} : descriptor]));
}

function compareMembers(name: string, before: Members, after: Members): string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => !isSame(before.get(key), after.get(key))).map((key) => `${name}.${String(key)} changed`);
}

function isSame(before: PropertyDescriptor | undefined, after: PropertyDescriptor | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  if (Object.keys(before).length === 0) return true;
  return (['value', 'get', 'set', 'writable', 'enumerable', 'configurable'] as const).every((part) => Object.is(before[part], after[part]));
}

function countResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    // Timers are the runner's own, and of whoever runs the runner.
    if (kind !== 'Timeout' && kind !== 'Immediate') counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
