// Written by `npm run contract`; do not edit.
import type { ContractStamp } from './description.js';

export const CONTRACT: ContractStamp = {
  "version": "1.0.0",
  "digest": "sha256:09cf3c5d5942a19b754b86dbad5e5f82107124993c4b41dd38f5f2505ea1aa75",
  "callbacks": {
    "command": "1.0.0",
    "engineConfig": "1.0.0",
    "postStartProcess": "1.0.0",
    "monitorContainer": "1.0.0",
    "registerImageDriver": "1.0.0"
  },
  "powers": {
    "log": "1.0.0",
    "print": "1.0.0",
    "storeGet": "1.0.0",
    "storeSet": "1.0.0",
    "storeDelete": "1.0.0",
    "storeKeys": "1.0.0",
    "env": "1.0.0",
    "readFile": "1.0.0",
    "writeFile": "1.0.0"
  }
};
