/** Each runtime that a run can be asked for, and the program that it needs. */
export const RUNTIMES = { embedded: undefined, crun: 'crun', runc: 'runc' } as const;
export type RuntimeName = keyof typeof RUNTIMES;
