/** What users hang on containers to find them again: names and values that mean nothing to Bulkhead. And which containers are looked for. Pure. */
import * as v from 'valibot';
import { containerErrors } from './errors.js';
import { LABELS_MAX, labelKey, labelValue, type ContainerRecord } from './shapes.js';
import type { TrueStatus } from './status.js';

/** Throws LABEL_INVALID. */
export function requireLabels(labels: Readonly<Record<string, string>>): void {
  const entries = Object.entries(labels);
  for (const [key, value] of entries) {
    const { issues: [issue] = [] } = v.safeParse(v.tuple([labelKey, labelValue]), [key, value], { abortEarly: true });
    if (issue !== undefined) throw containerErrors.labelInvalid(key, issue.message);
  }
  if (entries.length > LABELS_MAX)
    throw containerErrors.labelInvalid(entries.at(-1)?.[0] ?? '', `a container has at most ${LABELS_MAX} labels`);
}

/** What a filter looks at. */
export type Filtered = Pick<ContainerRecord, 'name' | 'labels'> & Pick<TrueStatus, 'status'>;
type Test = (container: Filtered) => boolean;

const STATUSES: readonly string[] = ['created', 'starting', 'running', 'stopped'];

/** By what stands before the first "=". */
const FILTERS: Readonly<Record<string, (value: string) => Test | undefined>> = {
  label(wanted) {
    const [key, value] = splitLabel(wanted);
    return ({ labels = {} }) => Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
  },
  name: (part) => (part === '' ? undefined : ({ name }) => name?.includes(part) === true),
  status: (wanted) => (STATUSES.includes(wanted) ? ({ status }) => status === wanted : undefined),
};

/** As `label=KEY`, `label=KEY=VALUE`, `name=PART`, `status=running`; a container that is meant passes all of them. Throws FILTER_INVALID. */
export function parseFilters(texts: readonly string[]): { readonly isMeant: Test; readonly namesStatus: boolean } {
  const tests = texts.map((text) => {
    const [kind, value] = splitLabel(text);
    const test = value !== undefined && Object.hasOwn(FILTERS, kind) ? FILTERS[kind]?.(value) : undefined;
    if (test === undefined) throw containerErrors.filterInvalid(text);
    return test;
  });
  return { isMeant: (container) => tests.every((test) => test(container)), namesStatus: texts.some((text) => text.startsWith('status=')) };
}

/** At the first "=". */
function splitLabel(text: string): [key: string, value: string | undefined] {
  const at = text.indexOf('=');
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
