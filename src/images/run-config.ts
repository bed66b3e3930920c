/** What of an image's configuration a run takes. Ports and volumes are left out: the network is the host's, and all that is written goes. */
import type { ImageConfig } from './documents.js';

export interface ImageRunConfig {
  readonly env: Readonly<Record<string, string>>;
  /** Comes before the words that the user types. */
  readonly entrypoint: readonly string[];
  /** What comes there where the user types none. */
  readonly command: readonly string[];
  /** Absolute. */
  readonly workingDirectory: string | undefined;
  /** `USER[:GROUP]`; empty for nobody in particular. */
  readonly user: string;
}

/** What makes no sense, such as a variable without a name, is left out, as Docker does. */
export function readRunConfig({ config }: ImageConfig): ImageRunConfig {
  const { Env, Entrypoint, Cmd, WorkingDir, User } = config ?? {};
  const pairs = (Env ?? []).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
  return {
    env: Object.fromEntries(pairs.filter(([name], index) => name !== '' && Env?.[index]?.includes('='))),
    entrypoint: Entrypoint ?? [],
    command: Cmd ?? [],
    workingDirectory: WorkingDir?.startsWith('/') ? WorkingDir : undefined,
    user: User ?? '',
  };
}
