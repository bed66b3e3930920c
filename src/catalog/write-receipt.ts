import type { PluginDirectory } from './installation.js';
import { FILE_MODE, receiptFile } from './layout.js';
import { encodeReceipt, type Receipt } from './receipt.js';
import { writeStaged } from './staged-file.js';

/** Of a plugin of one user, when it holds secrets: nobody else need read it. One of all users is read by each who runs the plugin. */
const PRIVATE_MODE = 0o600;

/** The one rename that counts. */
export async function writeReceipt({ path, scope }: PluginDirectory, receipt: Receipt): Promise<void> {
  const isPrivate = scope === 'user' && Object.keys(receipt.secrets?.reveal() ?? {}).length > 0;
  await writeStaged(receiptFile(path, receipt.name), encodeReceipt(receipt), isPrivate ? PRIVATE_MODE : FILE_MODE);
}
