import { BulkheadCommand } from '../../base-command.js';
import { formatBytes } from '../../output/progress.js';
import { describeTable } from '../../output/table.js';

export default class ImageList extends BulkheadCommand {
  static override summary = 'List the images of the store';
  static override description = 'A size is that of what was pulled, compressed; layers that images share are on the disk once.';
  static override examples = ['bulkhead image list', 'bulkhead image list --json'];
  static override enableJsonFlag = true;

  async run(): Promise<unknown> {
    const { flags } = await this.parse(ImageList);
    const product = this.open(flags);
    const { images, damaged } = await product.images.list();
    for (const file of damaged) product.log.write('warning', `${file} cannot be read; to mend it: bulkhead image prune`);
    const rows = images.map(({ name, digest, platform, sizeBytes, addedAt }) => {
      const { os, architecture, variant } = platform;
      const machine = [os, architecture, ...(variant ? [variant] : [])].join('/');
      return flags.quiet
        ? [name]
        : [name, digest.slice('sha256:'.length, 'sha256:'.length + 12), machine, formatBytes(sizeBytes), addedAt.slice(0, 10)];
    });
    if (images.length === 0 && !flags.quiet) this.log('There are no images in the store.');
    else for (const line of describeTable(flags.quiet ? rows : [['NAME', 'DIGEST', 'PLATFORM', 'SIZE', 'ADDED'], ...rows])) this.log(line);
    return { images, damaged };
  }
}
