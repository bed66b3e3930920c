/**
 * Networks: several containers, each in a network namespace of its own, that reach each other. Knows nothing of plugins: who wants to
 * stand behind a network hands in a provider.
 *
 *      NETWORKS/                      0700, of root; one process changes it at a time (.lock)
 *          web/                       made beside it and renamed
 *              network.json           written once                                                   store.ts, manage.ts
 *              attachments/ID.json    a container that is in it: there before anything is done for    attachments.ts, attach.ts
 *                                     it, gone after all of it is undone
 *              ipam/                  addresses that are taken, of CNI's host-local                   cni/bridge.ts
 *
 *      run ─▶ prepareJoin ─▶ … the namespace is there ─▶ attach: provider.plan ─▶ CNI ADD ─▶ rules ─▶ … ─▶ detach: CNI DEL
 *
 * A network namespace is the container's: it dies with PID 1. What is left then (an address, rules for ports) is undone by whoever
 * ran it, or, where that was killed, by the next command that has to do with networks.
 */
export { checkAttachment, isStale, releaseStale } from './attach.js';
export { listAttachments } from './attachments.js';
export { networkErrors } from './errors.js';
export { connect, disconnect, leave, prepareJoin } from './join.js';
export { createNetwork, removeNetwork } from './manage.js';
export { formatPort, parseNetworks, parsePairs } from './request.js';
export { namesOfPlan } from './cni/plan.js';
export {
  BRIDGE_PROVIDER,
  findProviders,
  type AskNetwork,
  type FindProvider,
  type NetworkAnswer,
  type NetworkQuestion,
} from './provider.js';
export { BUILTIN_NETWORKS, isBuiltinNetwork, type AttachmentRecord, type NetworkPlace, type NetworkRecord } from './shapes.js';
export { listNetworks, readNetwork } from './store.js';
