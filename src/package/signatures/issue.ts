import * as v from 'valibot';
import { escapeControls, shorten } from '#base/text.js';

const lengthMax = 256;

/** What a schema has against something from a package, in one short line: a message quotes what it was given, and that may be anything. */
export function describeIssue(issue: v.BaseIssue<unknown>): string {
  const isUnknownKey = issue.kind === 'schema' && issue.expected === 'never';
  const text = isUnknownKey ? 'it has a key that is not known' : `${v.getDotPath(issue) ?? 'it'} ${issue.message}`;
  return shorten(escapeControls(shorten(text, lengthMax)).replaceAll('\n', '\\u000a'), lengthMax);
}
