import { Args, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { interruptible } from '../../interruptible.js';
import { openProgress, terminalSize } from '../../output/progress.js';
import { pullFlags } from '../../pull-flags.js';

export default class ImagePull extends BulkheadCommand {
  static override summary = 'Bring an image of a registry into the store';
  static override description =
    'Credentials are those of podman login and docker login. Layers that are there are not asked for again; what has come of one before a pull was broken off is kept, and goes on from there. No plugin is asked.';
  static override examples = [
    'bulkhead image pull docker://busybox:1.36',
    'bulkhead image pull --platform linux/arm64 docker://registry.example.com/team/tool@sha256:…',
  ];
  static override enableJsonFlag = true;
  static override args = {
    image: Args.string({ required: true, ignoreStdin: true, description: 'docker://[HOST[:PORT]/]NAME[:TAG|@DIGEST]' }),
  };
  static override flags = {
    ...pullFlags,
    parallel: Flags.integer({ summary: 'How many blobs at once', default: 3, min: 1, max: 16, helpValue: 'N', helpGroup: 'REGISTRY' }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ImagePull);
    const product = this.open(flags);
    const isSilent = flags.quiet || this.jsonEnabled();
    const progress = openProgress({ write: (text) => (isSilent ? false : process.stderr.write(text)), size: terminalSize(process.stderr) });
    return interruptible(async (signal) => {
      try {
        const report = await product.images.pull(args.image, {
          platform: flags.platform,
          tlsVerify: flags['tls-verify'] === 'true',
          insecureRegistries: flags['insecure-registry'] ?? [],
          parallel: flags.parallel,
          signal,
          progress: progress.show,
        });
        progress.close();
        const { name, digest } = report.image;
        this.say(flags.quiet ? digest : `${name}  ${digest}`);
        return report;
      } finally {
        progress.close();
      }
    });
  }
}
