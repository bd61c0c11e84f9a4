/**
 * Bytes as text in a page: five characters for four bytes, where base64 takes five and a third. As in Ascii85, a group of
 * n < 4 bytes at the end takes n + 1 characters; unlike there no character needs escaping in JSON, HTML or a script.
 */

/** The digits in order: printable, without space, quotation mark, ampersand, less-than and backslash. */
export const DIGITS = Array.from({ length: 89 }, (_, i) => String.fromCharCode(33 + i))
  .filter((character) => !'"&<\\'.includes(character))
  .join('');

/** Characters that so many bytes take. */
export const base85Length = (bytes: number): number => Math.ceil((bytes * 5) / 4);

export function base85(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    let value = 0;
    for (let i = 0; i < 4; i++) value = value * 256 + (bytes[at + i] ?? 0);
    let group = '';
    for (let i = 0; i < 5; i++) {
      group = DIGITS[value % 85]! + group;
      value = Math.floor(value / 85);
    }
    text += group.slice(0, Math.min(4, bytes.length - at) + 1);
  }
  return text;
}

/** The way back, as the page’s script has it: missing digits are the highest, so that what they stand for stays. */
export const DECODE = `const digits = ${JSON.stringify(DIGITS)};
const bytesOf = (text) => {
  const places = new Uint8Array(128);
  for (const [i, digit] of [...digits].entries()) places[digit.charCodeAt(0)] = i;
  const bytes = new Uint8Array(Math.floor(text.length * 4 / 5));
  for (let at = 0, to = 0; at < text.length; at += 5) {
    let value = 0;
    for (let i = at; i < at + 5; i++) value = value * 85 + (i < text.length ? places[text.charCodeAt(i)] : 84);
    for (let shift = 24; shift >= 0; shift -= 8) bytes[to++] = value / 2 ** shift;
  }
  return bytes;
};`;
