import { Args } from '@oclif/core';
import { BulkheadCommand } from '../../base-command.js';

export default class VolumeCreate extends BulkheadCommand {
  static override summary = 'Make a named volume';
  static override description =
    'A directory that outlives containers, for "run --volume NAME:DST". A run makes those that are missing; one that is there already stays as it is.';
  static override examples = ['bulkhead volume create cache', 'bulkhead run --volume cache:/cache ./rootfs'];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: 'name of the volume' }) };
  static override enableJsonFlag = true;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(VolumeCreate);
    const volume = await (await this.open(flags).volumes()).create(args.name);
    this.say(volume.name);
    return volume;
  }
}
