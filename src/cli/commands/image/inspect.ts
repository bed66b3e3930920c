import { Args } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';
import { formatBytes } from '../../output/progress.js';

export default class ImageInspect extends BulkheadCommand {
  static override summary = 'Show what an image of the store is, and what it wants to run';
  static override description = 'Nothing is asked of a registry.';
  static override examples = ['bulkhead image inspect docker://busybox', 'bulkhead image inspect 9f86d0 --json'];
  static override enableJsonFlag = true;
  static override args = { image: Args.string({ required: true, ignoreStdin: true, description: 'name, or a part of its digest' }) };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ImageInspect);
    const report = await this.open(flags).images.inspect(args.image);
    const { name, digest, platform, sizeBytes, addedAt, layers, config } = report;
    const { os, architecture, variant } = platform;
    const own = config.config ?? {};
    const lines: [string, string | undefined][] = [
      ['Name', name],
      ['Digest', digest],
      ['Platform', [os, architecture, ...(variant ? [variant] : [])].join('/')],
      ['Size', formatBytes(sizeBytes)],
      ['Added', addedAt],
      ['Created', config.created ?? undefined],
      ['Entrypoint', sayWords(own.Entrypoint)],
      ['Command', sayWords(own.Cmd)],
      ['Directory', own.WorkingDir || undefined],
      ['User', own.User || undefined],
      ['Layers', layers.map((layer) => `\n  ${layer.digest}  ${formatBytes(layer.sizeBytes)}`).join('')],
      ['Environment', (own.Env ?? []).map((one) => `\n  ${one}`).join('') || undefined],
    ];
    for (const [title, text] of lines) if (text !== undefined) this.say(`${title}: ${text}`);
    return report;
  }
}

function sayWords(words: readonly string[] | null | undefined): string | undefined {
  return words ? words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ') : undefined;
}
