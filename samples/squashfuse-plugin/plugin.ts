import { definePlugin } from '@bulkhead/plugin-sdk';

/**
 * Mounts squashfs and ext3 images without root and without a loop device: squashfuse and fuse2fs read the file by themselves, in the
 * container's own session. Bulkhead starts them, waits for the mount, and ends them with the container.
 */
export default definePlugin({
  name: 'example.com/squashfuse-plugin',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'Mounts squashfs and ext3 images, bare or in SIF, by programs instead of the kernel',
  permissions: { exec: ['/usr/bin/squashfuse_ll', '/usr/bin/fuse2fs'] },
  imageFeatures: ['squashfs', 'ext3'],
  callbacks: {
    mountImage(image) {
      const common = `ro,nosuid,nodev${image.privileged ? ',allow_other' : ''}`;
      if (image.feature === 'squashfs') {
        const options = `${common},offset=${image.offset}`;
        return { type: 'program', program: '/usr/bin/squashfuse_ll', args: ['-f', '-o', options, '{image}', '{target}'] };
      }
      // fuse2fs has no option for an offset: a file system inside a SIF file is the kernel's.
      if (image.feature === 'overlay' || image.offset > 0) return { type: 'kernel' };
      const options = `${common},norecovery,fakeroot`;
      return { type: 'program', program: '/usr/bin/fuse2fs', args: ['-f', '-o', options, '{image}', '{target}'] };
    },
    imageDriverEvent({ event }, host) {
      host.log.debug(event.type === 'error' ? `error: ${event.why}` : `${event.type} ${event.image}`);
    },
  },
});
