/**
 * The valibot schema that an author wrote, as JSON Schema: what can be told without running it, and no more. It is walked as the data that
 * it is, of whatever release of valibot the author has; the host checks what comes out.
 */
type Told = Readonly<Record<string, unknown>>;

/** Throws, with the key, where the schema says what JSON Schema, or the host, cannot hold values against. */
export function describeConfiguration(schema: unknown): unknown {
  const { type, entries } = recordOf(schema);
  if (type !== 'object' && type !== 'strict_object') throw unsupported('configuration', `v.object({ … }) is wanted, not ${nameOf(schema)}`);
  const fields = Object.entries(recordOf(entries)).map(([key, entry]) => [key, describeField(`configuration.${key}`, entry)] as const);
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map(([key, { field }]) => [key, field])),
    required: fields.flatMap(([key, { isRequired }]) => (isRequired ? [key] : [])),
    additionalProperties: false,
  };
}

function describeField(at: string, entry: unknown): { field: Told; isRequired: boolean } {
  const { type, wrapped, default: otherwise } = recordOf(entry);
  if (type !== 'optional' && type !== 'exact_optional') return { field: describeValue(at, entry), isRequired: true };
  if (typeof otherwise === 'function') throw unsupported(at, 'a default that is a function');
  return { field: { ...describeValue(at, wrapped), ...(otherwise !== undefined && { default: otherwise }) }, isRequired: false };
}

/** A schema and what its pipe adds; the same for the items of a list. */
function describeValue(at: string, schema: unknown): Told {
  const { pipe } = recordOf(schema);
  const [, ...actions] = Array.isArray(pipe) ? (pipe as unknown[]) : [];
  return actions.reduce<Told>((told, action) => ({ ...told, ...describeAction(at, told, action) }), describeType(at, schema));
}

function describeType(at: string, schema: unknown): Told {
  const { type, options, literal, item, key, value } = recordOf(schema);
  if (type === 'string' || type === 'number' || type === 'boolean') return { type };
  if (type === 'picklist') return { enum: options };
  if (type === 'literal') return { enum: [literal] };
  if (type === 'array') return { type: 'array', items: describeValue(`${at}[]`, item) };
  if (type === 'record' && recordOf(key)['type'] === 'string' && recordOf(key)['pipe'] === undefined)
    return { type: 'object', additionalProperties: describeValue(`${at}.*`, value) };
  throw unsupported(at, nameOf(schema));
}

function describeAction(at: string, { type: of }: Told, action: unknown): Told {
  const { type, requirement, description, metadata } = recordOf(action);
  const sizes = of === 'array' ? ['minItems', 'maxItems'] : ['minLength', 'maxLength'];
  switch (type) {
    case 'min_length':
      return { [sizes[0] ?? '']: requirement };
    case 'max_length':
      return { [sizes[1] ?? '']: requirement };
    case 'non_empty':
      return { [sizes[0] ?? '']: 1 };
    case 'min_value':
      return { minimum: requirement };
    case 'max_value':
      return { maximum: requirement };
    case 'integer':
    case 'safe_integer':
      return { type: 'integer' };
    case 'description':
      return { description };
    case 'title':
      return {};
    case 'metadata':
      return recordOf(metadata)['secret'] === true ? { writeOnly: true } : {};
    default:
      throw unsupported(at, nameOf(action));
  }
}

function unsupported(at: string, what: string): Error {
  return new TypeError(`${at}: ${what} is not supported in a configuration`);
}

/** As the author writes it: `v.minLength`. */
function nameOf(thing: unknown): string {
  const { type } = recordOf(thing);
  return typeof type === 'string'
    ? `v.${type.slice(0, 64).replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())}`
    : 'what is no schema of valibot';
}

function recordOf(value: unknown): Told {
  return typeof value === 'object' && value !== null ? (value as Told) : {};
}
