import { Args, Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { pullFlags, pulling } from '../../pull-flags.js';

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
    const pulled = await pulling(flags, flags.quiet || this.jsonEnabled(), (request) =>
      product.images.pull(args.image, { ...request, parallel: flags.parallel }),
    );
    if (pulled === undefined) return undefined;
    const { name, digest } = pulled.result.image;
    this.say(flags.quiet ? digest : `${name}  ${digest}`);
    return pulled.result;
  }
}
