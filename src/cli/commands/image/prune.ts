import { Flags } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { formatBytes } from '../../output/progress.js';

export default class ImagePrune extends BulkheadCommand {
  static override summary = 'Remove what no image of the store needs';
  static override description =
    'Layers without an image, what broken-off pulls have left, and file systems that were made of layers and are not used. With --all, images that no container uses as well.';
  static override examples = ['bulkhead image prune', 'bulkhead image prune --all'];
  static override enableJsonFlag = true;
  static override flags = { all: Flags.boolean({ char: 'a', summary: 'Also images that no container uses' }) };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(ImagePrune);
    const product = this.open(flags);
    const removed = await product.images.prune({ all: flags.all });
    if (!removed.isComplete)
      product.log.write('warning', 'another command is bringing images in: what nobody needs stays until the next time');
    for (const name of removed.images) this.say(`Removed ${name}`);
    if (!flags.quiet) this.log(`Freed ${formatBytes(removed.freedBytes)}`);
    return removed;
  }
}
