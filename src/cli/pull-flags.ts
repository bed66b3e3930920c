/** How images are pulled, for `image pull` and for `run`. */
import { Flags } from '@oclif/core';

export const pullFlags = {
  platform: Flags.string({
    summary: "Of an image for several machines, the one for this; this machine's where absent",
    helpValue: 'OS/ARCH[/VARIANT]',
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
