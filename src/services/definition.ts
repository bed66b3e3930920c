/** What a service manager has to know of a service. Pure: every launcher starts the same program in the same way. */
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import * as v from 'valibot';
import { endpointName, labelOf, namePattern, serviceTypes, startArguments, type Bundle, type ServiceType } from '#catalog/catalog.js';
import { serviceErrors } from './errors.js';
import { requireAddress, type ServicePlaces } from './places.js';

/** As of bundles: it becomes a path, a label and part of a unit's name. */
export const serviceName = v.pipe(v.string(), v.regex(namePattern));
const argument = v.pipe(v.string(), v.maxLength(131_072), v.excludes('\0'));
const absolutePath = v.pipe(v.string(), v.startsWith('/'), v.maxLength(4096), v.excludes('\0'));

export const serviceDefinition = v.strictObject({
  name: serviceName,
  instance: v.optional(serviceName),
  executable: absolutePath,
  arguments: v.pipe(v.array(argument), v.maxLength(1024)),
  /** Each has an endpoint, in this order. */
  types: v.pipe(v.array(v.picklist(serviceTypes)), v.maxLength(serviceTypes.length)),
  loadAtBoot: v.boolean(),
  runAtLoad: v.boolean(),
});
export type ServiceDefinition = v.InferOutput<typeof serviceDefinition>;

export interface InstanceRequest {
  readonly bundle: Bundle;
  readonly instance?: string | undefined;
  /** What the program is told of the instance; `start` alone where absent. */
  readonly arguments?: readonly string[] | undefined;
}

/** Throws SERVICE_NAME_INVALID, and NOT_A_SERVICE for a bundle that is a command. */
export function defineService({ bundle, instance, arguments: given }: InstanceRequest): ServiceDefinition {
  const { name, executable, services } = bundle;
  if (services === undefined) throw serviceErrors.notAService(name);
  return {
    ...nameService(name, instance),
    executable,
    arguments: startArguments(bundle, { arguments: given }),
    types: [...new Set(services.types)],
    loadAtBoot: services.loadAtBoot,
    runAtLoad: services.runAtLoad,
  };
}

/** All that is needed to find what is left of it, also where its bundle is not there any more. Throws SERVICE_NAME_INVALID. */
export function nameService(name: string, instance: string | undefined): Pick<ServiceDefinition, 'name' | 'instance'> {
  for (const one of [name, ...(instance === undefined ? [] : [instance])]) {
    if (!v.is(serviceName, one)) throw serviceErrors.nameInvalid(one);
  }
  return { name, ...(instance === undefined ? {} : { instance }) };
}

export function labelOfService({ name, instance }: Pick<ServiceDefinition, 'name' | 'instance'>): string {
  return labelOf(name, instance);
}

/** Names a directory, too; what is there and is none belongs to somebody else. */
export const LABEL = /^com\.bulkhead\.[A-Za-z0-9._-]{1,127}$/;

/** Of `hydra`, `hydra.1` or the label itself. `daemon` is the daemon's own. Throws SERVICE_NAME_INVALID. */
export function labelOfName(text: string): string {
  if (text === 'daemon') return text;
  const name = text.startsWith(labelOf('')) ? text.slice(labelOf('').length) : text;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$/.test(name)) throw serviceErrors.nameInvalid(text);
  return labelOf(name);
}

export interface Endpoint {
  readonly type: ServiceType;
  readonly path: string;
}

/** Throws SERVICE_ADDRESS_TOO_LONG. */
export function endpointsOf({ name, instance, types }: ServiceDefinition, { run }: ServicePlaces): Endpoint[] {
  return types.map((type) => ({ type, path: requireAddress(join(run, endpointName(type, name, instance))) }));
}

/** Where it starts, and keeps what is its own. */
export function stateDirectoryOf({ name, instance }: Pick<ServiceDefinition, 'name' | 'instance'>, { pluginState }: ServicePlaces): string {
  return join(pluginState, name, ...(instance === undefined ? [] : [instance]));
}

export function isSameDefinition(a: ServiceDefinition, b: ServiceDefinition): boolean {
  return isDeepStrictEqual(a, b);
}
