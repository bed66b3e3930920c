// Written by `npm run contract`; do not edit.
import type { ContractStamp } from './description.js';

export const CONTRACT: ContractStamp = {
  "version": "1.0.0",
  "digest": "sha256:dc5d03aba22a47e5295b08d2a326ea3e3bcbe2b33e2f9ae3fb8e3c62c4df5bbe",
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
    "writeFile": "1.0.0",
    "fetch": "1.0.0"
  }
};
