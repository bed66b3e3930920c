// Written by `npm run contract`; do not edit.
import type { ContractStamp } from './description.js';

export const CONTRACT: ContractStamp = {
  "version": "1.0.0",
  "digest": "sha256:0e7e8af59d0529f853fed7f5d0c03993e723a77a100722700ea93c3906adfa98",
  "callbacks": {
    "command": "1.0.0",
    "beforeCommand": "1.0.0",
    "afterCommand": "1.0.0",
    "engineConfig": "1.0.0",
    "postStartProcess": "1.0.0",
    "monitorContainer": "1.0.0",
    "registerImageDriver": "1.0.0",
    "install": "1.0.0",
    "upgrade": "1.0.0",
    "uninstall": "1.0.0",
    "mountImage": "1.0.0",
    "readImage": "1.0.0",
    "imageDriverEvent": "1.0.0",
    "userMapping": "1.0.0",
    "runtime": "1.0.0",
    "network": "1.0.0"
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
    "fetch": "1.0.0",
    "exec": "1.0.0",
    "container.signal": "1.0.0",
    "container.stats": "1.0.0",
    "syslog": "1.0.0"
  }
};
