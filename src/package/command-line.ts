import type { ArgumentDefinition, FlagDefinition, PluginDescription } from '@bulkhead/plugin-sdk/contract';

type Declared = Pick<PluginDescription, 'commands' | 'flags' | 'hooks' | 'callbacks'>;

/** What the schema cannot say of commands and flags: definitions that contradict themselves or one another. */
export function findCommandLineFaults({ commands, flags, hooks, callbacks }: Declared): string[] {
  const around = ['beforeCommand', 'afterCommand'].some((name) => callbacks.includes(name));
  return [
    ...Object.entries(commands).flatMap(([name, { args = [], flags: own = {} }]) => [
      ...findArgumentFaults(args).map((fault) => `commands: "${name}": ${fault}`),
      ...findFlagFaults(own).map((fault) => `commands: "${name}": ${fault}`),
    ]),
    ...findNameFaults(commands),
    ...Object.entries(flags).flatMap(([name, own]) => findFlagFaults(own).map((fault) => `flags: "${name}": ${fault}`)),
    ...(Object.keys(flags).length > 0 && !around && !callbacks.includes('engineConfig')
      ? ['flags: there are some, and no callback that could see them: beforeCommand, afterCommand or engineConfig']
      : []),
    ...(hooks.length > 0 && !around ? ['hooks: there are some, and neither beforeCommand nor afterCommand'] : []),
  ];
}

/** A name and an alias that are the same, or of which one begins the other, would leave it to chance which is meant. */
function findNameFaults(commands: Declared['commands']): string[] {
  const names = Object.entries(commands).flatMap(([name, { aliases = [] }]) => [name, ...aliases]);
  return names.flatMap((name, index) => {
    const before = names.slice(0, index).find((other) => `${name} `.startsWith(`${other} `) || `${other} `.startsWith(`${name} `));
    return before === undefined
      ? []
      : [`commands: "${before}" and "${name}" overlap: one of them would be read as the other with an argument`];
  });
}

function findArgumentFaults(args: readonly ArgumentDefinition[]): string[] {
  return args.flatMap(({ name, required, rest }, index) => {
    const before = args.slice(0, index);
    return [
      ...(before.some((one) => one.name === name) ? [`there are two arguments "${name}"`] : []),
      ...(required === true && before.some((one) => one.required !== true) ? [`argument "${name}" is required after one that is not`] : []),
      ...(rest === true && index < args.length - 1 ? [`argument "${name}" takes the rest and is not the last`] : []),
    ];
  });
}

function findFlagFaults(flags: Readonly<Record<string, FlagDefinition>>): string[] {
  const entries = Object.entries(flags);
  return entries.flatMap(([name, flag], index) => {
    const before = entries.slice(0, index);
    const isTwice = (key: 'short' | 'env'): boolean => flag[key] !== undefined && before.some(([, other]) => other[key] === flag[key]);
    return [
      ...(isTwice('short') ? [`flag --${name} has the letter -${flag.short} of another`] : []),
      ...(isTwice('env') ? [`flag --${name} has the environment variable BULKHEAD_${flag.env} of another`] : []),
      ...findDefinitionFaults(flag).map((fault) => `flag --${name}: ${fault}`),
    ];
  });
}

function findDefinitionFaults(flag: FlagDefinition): string[] {
  const { type, options, repeated, min, max, required, default: otherwise } = flag;
  const why = otherwise === undefined ? undefined : findValueFault(flag, otherwise);
  return [
    ...(options !== undefined && type !== 'string' && type !== 'list' ? [`a flag of type ${type} has no options`] : []),
    ...(repeated === true && type !== 'string' && type !== 'integer' ? [`a flag of type ${type} is not repeated`] : []),
    ...((min !== undefined || max !== undefined) && type !== 'integer' ? [`a flag of type ${type} has no min and max`] : []),
    ...(min !== undefined && max !== undefined && min > max ? ['min is above max'] : []),
    ...(required === true && type === 'boolean' ? ['a boolean cannot be required'] : []),
    ...(required === true && otherwise !== undefined ? ['it is required and has a default'] : []),
    ...(why === undefined ? [] : [`the default ${why}`]),
  ];
}

/** Why a value is none of this flag, as the end of a sentence; nothing where it is one. */
export function findValueFault(flag: FlagDefinition, value: unknown): string | undefined {
  const { type, repeated } = flag;
  if (type === 'list' || repeated === true) {
    if (!Array.isArray(value)) return 'is not a list';
    return value.map((one) => findSingleFault(flag, one)).find((fault) => fault !== undefined);
  }
  if (type === 'map') return typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'is not a map';
  return findSingleFault(flag, value);
}

function findSingleFault({ type, options, min, max }: FlagDefinition, value: unknown): string | undefined {
  if (type === 'boolean') return typeof value === 'boolean' ? undefined : 'is not true or false';
  if (type === 'integer') {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) return 'is not an integer';
    if (min !== undefined && value < min) return `is below ${min}`;
    return max !== undefined && value > max ? `is above ${max}` : undefined;
  }
  if (typeof value !== 'string') return 'is not a text';
  return options === undefined || options.includes(value) ? undefined : `is none of ${options.join(', ')}`;
}
