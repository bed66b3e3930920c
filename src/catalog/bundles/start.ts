/** How the program of a service is started. Pure: who keeps services running does it. */
import type { Bundle } from './bundle.js';

export interface StartRequest {
  /** What it is told of the instance; the first says what to do. */
  readonly arguments?: readonly string[] | undefined;
  readonly debug?: boolean | undefined;
}

/** What follows the program's name. The bundle's own arguments come last: where a parser lets the last one win, they do. */
export function startArguments(bundle: Bundle, { arguments: given = ['start'], debug = false }: StartRequest = {}): string[] {
  const { resources, services } = bundle;
  return [
    ...given,
    ...(resources === undefined ? [] : ['--resources', resources]),
    ...(debug ? ['--debug'] : []),
    ...(services?.defaultArguments ?? []),
  ];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** How programs are told of proxies; both ways to write it are in use. */
export const proxyKeys: readonly string[] = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'];

const OWN = 'BULKHEAD_';
/** As words of a name: BULKHEAD_REGISTRY_TOKEN, not BULKHEAD_KEYBOARD. */
const secretWord = /(?:^|_)(?:PASS(?:WORD|WD|PHRASE)?|SECRETS?|TOKENS?|KEYS?|CREDENTIALS?|AUTH|COOKIES?)(?:_|$)/i;

/** What a service sees of the caller's environment: bulkhead's own variables, but none whose name says that it holds a secret, and those allowed. */
export function filterEnvironment(env: Environment, allowed: readonly string[] = proxyKeys): Record<string, string> {
  const passes = (key: string): boolean => allowed.includes(key) || (key.startsWith(OWN) && !secretWord.test(key));
  return Object.fromEntries(Object.entries(env).flatMap(([key, value]) => (value !== undefined && passes(key) ? [[key, value]] : [])));
}

/** Where bulkhead keeps its state, where it is installed, and where it logs; all absolute. */
export interface Roots {
  readonly app: string;
  readonly install: string;
  readonly log?: string | undefined;
}

export function startEnvironment(env: Environment, { app, install, log }: Roots): Record<string, string> {
  const { BULKHEAD_LOG_ROOT: _, ...own } = filterEnvironment(env);
  return {
    ...own,
    BULKHEAD_APP_ROOT: app,
    BULKHEAD_INSTALL_ROOT: install,
    ...(log !== undefined && { BULKHEAD_LOG_ROOT: log }),
  };
}
