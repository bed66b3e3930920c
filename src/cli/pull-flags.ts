/** How images are pulled, for `image pull`, and for `run` and `create` where an image is not there yet. */
import { Flags } from '@oclif/core';
import type { Product, PullRequest } from '#wiring/wiring.js';
import { interruptible } from './interruptible.js';
import { openProgress, terminalSize } from './output/progress.js';

export const pullFlags = {
  platform: Flags.string({
    summary: "Of an image for several machines, the one for this; this machine's where absent",
    helpValue: 'OS/ARCH[/VARIANT]',
    helpGroup: 'REGISTRY',
  }),
  'tls-verify': Flags.option({
    summary: 'Whether the registry must speak https with a certificate to trust',
    options: ['true', 'false'] as const,
    default: 'true',
    helpGroup: 'REGISTRY',
  })(),
  'insecure-registry': Flags.string({
    summary: 'A registry that need not do so',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'HOST[:PORT]',
    helpGroup: 'REGISTRY',
  }),
};

export const runPullFlags = {
  pull: Flags.option({
    summary: 'When an image of a registry is pulled',
    options: ['missing', 'always', 'never'] as const,
    default: 'missing',
    helpGroup: 'REGISTRY',
  })(),
  ...pullFlags,
};

export interface PullFlagValues {
  readonly platform?: string | undefined;
  readonly 'tls-verify': 'true' | 'false';
  readonly 'insecure-registry'?: readonly string[] | undefined;
}

/** With progress on standard error, unless nobody wants it. Undefined where a signal ended it; the exit code is set then. */
export async function pulling<Result>(
  flags: PullFlagValues,
  isSilent: boolean,
  work: (request: PullRequest) => Promise<Result>,
): Promise<{ readonly result: Result } | undefined> {
  const progress = openProgress({ write: (text) => (isSilent ? false : process.stderr.write(text)), size: terminalSize(process.stderr) });
  return interruptible(async (signal) => {
    try {
      const result = await work({
        platform: flags.platform,
        tlsVerify: flags['tls-verify'] === 'true',
        insecureRegistries: flags['insecure-registry'] ?? [],
        signal,
        progress: progress.show,
      });
      return { result };
    } finally {
      progress.close();
    }
  });
}

/** Before a container is made of it. Answers false where a signal ended it. */
export async function bringImage(
  product: Product,
  image: string | undefined,
  flags: PullFlagValues & { readonly pull: 'missing' | 'always' | 'never'; readonly quiet?: boolean | undefined },
): Promise<boolean> {
  if (image?.startsWith('docker://') !== true) return true;
  const done = await pulling(flags, flags.quiet === true, (request) => product.images.ensure(image, { ...request, when: flags.pull }));
  return done !== undefined;
}
