import { definePlugin } from '@bulkhead/plugin-sdk';

/**
 * The equal of Apptainer's ubuntu-userns-overlay-plugin, which brought an overlay to kernels that refuse one to ordinary users. Here
 * fuse-overlayfs lays it: with `enable-overlay = "driver"` always, otherwise where the kernel refuses.
 */
export default definePlugin({
  name: 'example.com/fuse-overlay-plugin',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'Lays the writable layer over an image by fuse-overlayfs instead of the kernel',
  permissions: { exec: ['/usr/bin/fuse-overlayfs'] },
  imageFeatures: ['overlay'],
  callbacks: {
    mountImage(image) {
      if (image.feature !== 'overlay') return { type: 'kernel' };
      const layers = image.writable ? 'lowerdir={lower},upperdir={upper},workdir={work}' : 'lowerdir={lower}';
      return {
        type: 'program',
        program: '/usr/bin/fuse-overlayfs',
        args: ['-f', '-o', `${layers},noacl,allow_other`, '{target}'],
      };
    },
  },
});
