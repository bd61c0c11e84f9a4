/** Text for use in HTML element content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Escaped prose in which a number keeps its unit on the same line. */
export function prose(text: string): string {
  return escapeHtml(text).replace(/(\d) (?=(?:%|ps|ns|µs|ms|s)(?![\p{L}\d]))/gu, '$1\u00A0');
}

/** As `prose`; hyphenated names that are short enough stay on one line. */
export function heading(text: string): string {
  return prose(text).replace(/(?<![\w-])(?=[\w-]*-)[\w-]{4,27}(?![\w-])/g, '<span class="whole">$&</span>');
}

/** A finding as a title: with a capital. */
export const capital = (finding: string): string =>
  finding === '' ? '' : `${finding[0]!.toUpperCase()}${finding.slice(1)}`;

/** A finding as a sentence: with a capital and a full stop; empty stays empty. */
export const sentence = (finding: string): string => (finding === '' ? '' : `${capital(finding)}.`);

/** JSON that cannot end the script element that it stands in, nor open a comment. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

/** A name as part of a file name or id: lower-case letters, digits and hyphens; never empty. */
export function slug(text: string): string {
  const plain = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return plain || 'x';
}
