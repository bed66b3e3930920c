/**
 * A service as units of systemd, in words that every version from 240 on understands. Pure. One socket unit has all endpoints, so that the
 * program gets them in the order declared; a shell gives them their names, and becomes the program (LISTEN_PID).
 */
import { join } from 'node:path';
import { serviceErrors } from '../errors.js';
import { keeperLimits } from '../keeper/limits.js';
import { programEnvironment } from '../program-environment.js';
import type { ManagedFile, ManagedService } from './managed.js';

const HEAD = '# Written by bulkhead. What is changed here is lost when the plugin is registered again.';

export interface UnitOptions {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Of the machine's systemd, or of a user's. */
  readonly isSystem: boolean;
}

export const serviceUnit = (label: string): string => `${label}.service`;
export const socketUnit = (label: string): string => `${label}.socket`;

export function describeUnits(service: ManagedService, { directory, environment, isSystem }: UnitOptions): ManagedFile[] {
  const { label, endpoints } = service;
  const wantedBy = isSystem ? 'multi-user.target' : 'default.target';
  const files = [{ path: join(directory, serviceUnit(label)), text: describeServiceUnit(service, { environment, wantedBy }) }];
  if (endpoints.length > 0) files.push({ path: join(directory, socketUnit(label)), text: describeSocketUnit(service) });
  return files;
}

function describeServiceUnit(
  { definition, label, endpoints, stateDirectory }: ManagedService,
  { environment, wantedBy }: { readonly environment: UnitOptions['environment']; readonly wantedBy: string },
): string {
  const program = [definition.executable, ...definition.arguments];
  const names = endpoints.map(({ type }) => type).join(':');
  const command = names === '' ? program : ['/bin/sh', '-c', `LISTEN_FDNAMES=${names} exec "$@"`, 'sh', ...program];
  const variables = Object.entries(programEnvironment(environment, stateDirectory)).map(([key, value]) => `${key}=${value ?? ''}`);
  return lines(
    HEAD,
    '[Unit]',
    `Description=${describe(definition)}`,
    ...(endpoints.length === 0 ? [] : [`Requires=${socketUnit(label)}`, `After=${socketUnit(label)}`]),
    // Ten failures, and the manager gives it up.
    'StartLimitIntervalSec=300',
    'StartLimitBurst=10',
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${command.map(quoteArgument).join(' ')}`,
    `WorkingDirectory=${plainPath(stateDirectory)}`,
    ...variables.map((variable) => `Environment=${quote(variable)}`),
    'Restart=on-failure',
    `RestartSec=${keeperLimits.retryFirstMs}ms`,
    `TimeoutStartSec=${keeperLimits.startMs / 1_000}`,
    `TimeoutStopSec=${keeperLimits.stopMs / 1_000}`,
    'UMask=0077',
    'LimitCORE=0',
    `SyslogIdentifier=${label}`,
    '',
    '[Install]',
    `WantedBy=${wantedBy}`,
  );
}

function describeSocketUnit({ definition, label, endpoints }: ManagedService): string {
  return lines(
    HEAD,
    '[Unit]',
    `Description=${describe(definition)}`,
    '',
    '[Socket]',
    ...endpoints.map(({ path }) => `ListenStream=${plainPath(path)}`),
    'SocketMode=0600',
    'DirectoryMode=0700',
    'RemoveOnStop=yes',
    'Backlog=4096',
    `Service=${serviceUnit(label)}`,
    '',
    '[Install]',
    'WantedBy=sockets.target',
  );
}

function describe({ name, instance }: ManagedService['definition']): string {
  return `Plugin ${name} of bulkhead${instance === undefined ? '' : `, ${instance}`}`;
}

/** systemd takes what follows `=` as it is, but for specifiers. */
function plainPath(path: string): string {
  // a line break in it would begin another setting
  if (/[\u0000-\u001F\u007F]|\\$|\s$/.test(path)) throw serviceErrors.placeUnsafe(path, 'systemd does not take its name');
  return path.replaceAll('%', '%%');
}

/** In quotes nothing is special but specifiers, escapes, and in commands variables. */
function quote(text: string): string {
  const escaped = text
    .replaceAll(/["\\]/g, String.raw`\$&`)
    // they are what is escaped
    .replaceAll(/[\u0001-\u001F\u007F]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${escaped.replaceAll('%', '%%')}"`;
}

function quoteArgument(text: string): string {
  return quote(text).replaceAll('$', () => '$$');
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
