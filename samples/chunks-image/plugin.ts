import { definePlugin } from '@bulkhead/plugin-sdk';

const server = 'https://images.example.com';
const chunkBytes = 1_048_576;

/**
 * `chunks:NAME` is an image over a protocol of its own: `NAME/index.json` says how many bytes there are, and `NAME/0`, `NAME/1` … are
 * its chunks of 1 MiB. Bulkhead asks for the bytes and unpacks them; all that the plugin does is to fetch them.
 */
export default definePlugin({
  name: 'example.com/chunks-image',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'Opens chunks: images, which a server has in pieces',
  permissions: { fetch: ['images.example.com'] },
  imageSchemes: ['chunks'],
  callbacks: {
    async registerImageDriver({ reference }, host) {
      if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(reference)) throw new Error(`chunks: takes a name, and got "${reference}"`);
      const { status, body } = await host.fetch(`${server}/${reference}/index.json`);
      if (status !== 200) throw new Error(`the server has no image "${reference}" (status ${status})`);
      const { sizeBytes } = JSON.parse(body) as { sizeBytes: number };
      // The handle is all that readImage needs: this compartment may end between two parts.
      return { type: 'stream', format: 'tar.gz', handle: `${reference} ${sizeBytes}`, sizeBytes, command: ['/bin/sh'] };
    },
    async readImage({ handle, offset }, host) {
      const [name = '', sizeBytes = ''] = handle.split(' ');
      const { status, body } = await host.fetch(`${server}/${name}/${offset / chunkBytes}`, { responseType: 'bytes' });
      if (status !== 200) throw new Error(`the server has no chunk at byte ${offset} of "${name}" (status ${status})`);
      return { bytes: body, last: offset + body.length >= Number(sizeBytes) };
    },
  },
});
