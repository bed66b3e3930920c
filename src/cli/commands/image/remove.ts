import { BulkheadCommand } from '../../base-command.js';
import { formatBytes } from '../../output/progress.js';
import { argumentsOf } from '../../arguments.js';
import { Args } from '@oclif/core';

export default class ImageRemove extends BulkheadCommand {
  static override summary = 'Remove images from the store';
  static override description =
    'By name, that name; by digest, all names of it. Layers go with the last image that has them. An image that a container uses stays.';
  static override examples = ['bulkhead image remove docker://busybox', 'bulkhead image remove 9f86d0'];
  static override enableJsonFlag = true;
  static override hiddenAliases = ['image:rm'];
  static override strict = false;
  static override args = {
    image: Args.string({ required: true, ignoreStdin: true, description: 'name, or a part of its digest; several' }),
  };

  async run(): Promise<unknown> {
    const { flags, raw } = await this.parse(ImageRemove);
    const removed = await this.open(flags).images.remove(argumentsOf(raw));
    for (const { images, freedBytes } of removed)
      for (const name of images) this.say(flags.quiet ? name : `Removed ${name} (${formatBytes(freedBytes)} freed)`);
    return { removed };
  }
}
